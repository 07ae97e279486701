export interface SiteFile {
  /** Key in the bucket: `index.html`, `incidents/abc`, `api/v2/summary.json`. */
  path: string;
  body: string;
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
