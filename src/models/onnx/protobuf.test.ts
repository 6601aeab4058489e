import { describe, expect, it } from "vitest";
import { Message } from "./protobuf.ts";

describe("Message", () => {
  it("writes the examples of the format's own page", () => {
    expect([...new Message().int(1, 150).toBytes()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new Message().text(2, "testing").toBytes()]).toEqual([0x12, 7, ...Buffer.from("testing")]);
    expect([...new Message().message(3, new Message().int(1, 150)).toBytes()]).toEqual([
      0x1a, 3, 0x08, 0x96, 0x01,
    ]);
  });

  it("writes negative integers in ten bytes and large field numbers in two", () => {
    expect([...new Message().int(1, -2).toBytes()]).toEqual([
      0x08,
      0xfe,
      ...Array.from({ length: 8 }, () => 0xff),
      0x01,
    ]);
    expect([...new Message().int(20, 1).toBytes()]).toEqual([0xa0, 0x01, 0x01]);
  });

  it("writes floats in four little-endian bytes", () => {
    expect([...new Message().float(2, -2).toBytes()]).toEqual([0x15, 0, 0, 0, 0xc0]);
  });

  it("knows its length before it is written", () => {
    const message = new Message().text(1, "äöü").message(2, new Message().int(1, 2 ** 40));
    expect(message.byteLength).toBe(message.toBytes().length);
  });
});
