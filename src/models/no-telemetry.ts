/**
 * Turns off ONNX Runtime's telemetry. Since 1.29 its Linux and macOS builds report every model that is loaded (names,
 * hashes, hardware, a device id kept in the user's cache) to their makers unless told not to, and the switch is read
 * when the library loads. So this module is imported before it, by onnxruntime.ts and nothing else: nothing about a
 * person's pictures or machine leaves it by our doing.
 */
process.env["ORT_DISABLE_TELEMETRY"] = "1";
