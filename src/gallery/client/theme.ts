/** Light, dark, or what the system says; remembered where the browser lets a page remember. */
import { h, icon, ICONS } from "./dom.ts";

type Theme = "system" | "light" | "dark";

const KEY = "albumen-theme";
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };
const LABEL: Record<Theme, string> = {
  system: "Colours: as the system",
  light: "Colours: light",
  dark: "Colours: dark",
};

export function createThemeButton(onChange: () => void): HTMLButtonElement {
  let theme = remembered();
  const button = h("button", { type: "button", class: "round" });
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    button.replaceChildren(icon(ICONS[theme]));
    button.setAttribute("aria-label", LABEL[theme]);
    button.title = LABEL[theme];
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    remember(theme);
    show();
    onChange();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  show();
  return button;
}

function remembered(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage is closed to some pages from disk; the choice then lasts as long as the page
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // see remembered()
  }
}
