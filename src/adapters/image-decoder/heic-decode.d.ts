/** What heic-decode 2.1 exports; it ships no types. */
declare module "heic-decode" {
  interface HeifImage {
    readonly width: number;
    readonly height: number;
    /** Interleaved RGBA, the container's own rotation and mirroring applied. */
    decode(): Promise<{ readonly data: Uint8ClampedArray; readonly width: number; readonly height: number }>;
  }
  interface HeicDecode {
    /** Reads headers only; pixels come with `decode`. `dispose` frees the WebAssembly memory of all. */
    all(input: { readonly buffer: Uint8Array }): Promise<readonly HeifImage[] & { dispose(): void }>;
  }
  const heicDecode: HeicDecode;
  // oxlint-disable-next-line import/no-default-export -- the shape of the package
  export default heicDecode;
}
