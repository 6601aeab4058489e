/** An S3 server on loopback, with the account that it takes. */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll } from "vitest";

export interface S3Server {
  readonly endpoint: string;
  /** what a process needs to get in */
  readonly env: Readonly<Record<string, string>>;
  put(bucket: string, key: string, bytes: Uint8Array): Promise<void>;
}

/** s3rver has no types. */
type S3rver = new (options: object) => {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
};

const ACCOUNT = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

/** Closed when all tests of the file are done. */
export async function serveBuckets(buckets: readonly string[]): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), "albumen-s3-"));
  const Server = createRequire(import.meta.url)("s3rver") as S3rver;
  const server = new Server({ port: 0, address: "127.0.0.1", silent: true, directory: folder });
  const { port } = await server.run();
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: ACCOUNT });
  for (const Bucket of buckets) await client.send(new CreateBucketCommand({ Bucket }));
  afterAll(async () => {
    client.destroy();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    endpoint,
    env: {
      AWS_ACCESS_KEY_ID: ACCOUNT.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ACCOUNT.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    async put(Bucket, Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
  };
}
