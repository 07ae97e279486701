import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { SERVICE_TIMES } from "../lambda/sdk-times.ts";

export interface SiteFile {
  /** Key in the bucket: `index.html`, `incidents/abc`, `api/v2/summary.json`. */
  path: string;
  body: string | Uint8Array;
  contentType: string;
  cacheControl: string;
}

/** The bucket behind the page. */
export interface SiteBucket {
  write(file: SiteFile): Promise<void>;
  /** The text of a file, or null if there is none. */
  read(path: string): Promise<string | null>;
  remove(path: string): Promise<void>;
}

/** S3. Path-style addresses work on AWS and on one machine, where a bucket has no host of its own. */
export function s3Site({ bucket, client = s3Client() }: { bucket: string; client?: S3Client }): SiteBucket {
  return {
    async write({ path, body, contentType, cacheControl }) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: path,
          Body: typeof body === "string" ? Buffer.from(body, "utf8") : body,
          ContentType: contentType,
          CacheControl: cacheControl,
        }),
      );
    },

    async read(path) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: path }));
        return (await Body?.transformToString("utf-8")) ?? "";
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },

    async remove(path) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: path }));
    },
  };
}

function s3Client(): S3Client {
  return new S3Client({ logger: sdkLogger, requestHandler: SERVICE_TIMES });
}
