/** URLs as people may see them: without passwords, tokens and signatures. Pure. */

/**
 * Query parameters that open a door: signatures of signed URLs (AWS, Google, Azure, Meta's CDN), tokens and keys.
 * Compared in lower case, without `-` and `_`. What merely describes a signature (its date, its expiry) stays.
 */
const SECRET_PARAMETERS = new Set(
  (
    "xamzsignature xamzcredential xamzsecuritytoken awsaccesskeyid xgoogsignature xgoogcredential googleaccessid " +
    "sig signature hmac oh token accesstoken idtoken refreshtoken authtoken oauthtoken oauthsignature auth " +
    "authorization jwt apikey xapikey key secret clientsecret password passwd pwd session sessionid ticket"
  ).split(" "),
);

/** Shown in the place of what was taken out; stays readable in a query. */
const HIDDEN = "***";

/**
 * The URL with `***` for user, password and the values of secret parameters, and without its fragment. The rest stays
 * as written, so that people find it again. A path, or any text that is no URL, is returned as it is.
 */
export function redactUrl(url: string): string {
  // Two letters at least: C:\ is a disk. Parsers take backslashes, one slash and none for the two that belong there.
  const scheme = /^[a-z][a-z0-9+.-]+:[\\/]*/i.exec(url)?.[0];
  if (scheme === undefined) return url;
  const rest = url.slice(scheme.length).replace(/#.*$/s, "");
  return (
    scheme +
    rest
      .replace(/^[^\\/?]*@/, `${HIDDEN}@`)
      .replace(/([?&;])([^=&;]+)=[^&;]*/g, (whole, before: string, name: string) =>
        isSecret(name) ? `${before}${name}=${HIDDEN}` : whole,
      )
  );
}

/** A text with every URL in it redacted. */
export function redactUrls(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]+:[\\/]+[^\s"'<>]+/gi, redactUrl);
}

function isSecret(name: string): boolean {
  let plain = name;
  try {
    plain = decodeURIComponent(name);
  } catch {
    // Not percent-encoded after all; compared as it stands.
  }
  return SECRET_PARAMETERS.has(plain.toLowerCase().replace(/[-_]/g, ""));
}
