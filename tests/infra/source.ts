import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The project's root. */
export const ROOT = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** From the root: `functions/sweep/handler.ts`. */
  path: string;
  text: string;
  /** What it imports at run time: a path from the root, or a package. */
  imports: string[];
}

const IMPORT = /^(?:import|export)\s(?!type\s)[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

export function sourceFiles(...patterns: string[]): SourceFile[] {
  return globSync(patterns, { cwd: ROOT }).sort().map(sourceFile);
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8");
  const imports = [...text.matchAll(IMPORT)].flatMap(([, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic;
    if (name === undefined) return [];
    return [name.startsWith(".") ? normalize(join(dirname(path), name)) : name];
  });
  return { path, text, imports };
}

/** The file and all of the project's own that it reaches at run time. */
export function reach(path: string, seen = new Map<string, SourceFile>()): SourceFile[] {
  if (seen.has(path)) return [];
  const file = sourceFile(path);
  seen.set(path, file);
  for (const name of file.imports) if (name.startsWith("functions/")) reach(name, seen);
  return [...seen.values()];
}
