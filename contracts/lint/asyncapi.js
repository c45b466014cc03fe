// Reads AsyncAPI documents with the standard's own parser; any error it tells ends with code 1.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const ERROR = 0;
const files = process.argv.slice(2);
let faults = files.length ? 0 : 1;

for (const file of files) {
  const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"));
  const errors = diagnostics.filter((found) => found.severity === ERROR);
  for (const { message, path } of errors) {
    console.error(`${file} ${path.join("/")}: ${message}`);
  }
  faults += errors.length + (document ? 0 : 1);
  if (document) {
    console.log(`${file}: ${document.channels().length} channels, ${errors.length} errors`);
  }
}
process.exit(faults ? 1 : 0);
