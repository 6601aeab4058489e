import { expect, it } from "vitest";
import { entryPlace, isArchiveName, placeKind, placeName, splitEntry, withExtension } from "./place.ts";

it("tells what a place is by its text", () => {
  expect(
    ["/a/b.jpg", "HTTPS://h/a", "s3://b/k", "/x.zip!/a.jpg", "/wow!/a.jpg", "C:\\a.jpg"].map(placeKind),
  ).toEqual(["file", "url", "s3", "entry", "file", "file"]);
  expect(["a.zip", "b.tar.gz", "c.TGZ", "d.gz", "zip"].map(isArchiveName)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

it("takes an entry's place apart as it was put together, whatever the entry is called", () => {
  for (const entry of ["a.jpg", "../../etc/a.jpg", "b.zip!/a.jpg", "ü ?#.png"])
    expect(splitEntry(entryPlace("/in/p.tar.gz", entry))).toEqual({ archive: "/in/p.tar.gz", entry });
  expect(splitEntry("/in/a.jpg")).toBeNull();
});

it("names an image by the end of its place", () => {
  const names = [
    "/in/a b.jpg",
    "https://h/x/%C3%BC.jpg?size=2#f",
    "https://h/100%.png",
    "https://host.example/",
    "s3://bucket/year/a.jpg",
    "/p.zip!/../../evil.jpg",
    "/p.zip!/dos\\a.jpg",
  ].map(placeName);
  expect(names).toEqual(["a b.jpg", "ü.jpg", "100%.png", "host.example", "a.jpg", "evil.jpg", "a.jpg"]);
});

it("adds an extension only where a name has none that an image may have", () => {
  expect(withExtension("photo", "jpeg")).toBe("photo.jpg");
  expect(withExtension("image.php", "png")).toBe("image.php.png");
  expect(withExtension("a.JPG", "png")).toBe("a.JPG");
});
