// Validates OSCAL JSON documents with ajv against NIST's complete JSON schema
// of the version each document declares.
//
// Usage: node ajv.mjs MODULES SCHEMAS FILE...
//
// MODULES is the folder whose node_modules holds ajv and ajv-formats; SCHEMAS
// holds one VERSION.json per OSCAL version.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, schemas, ...files] = process.argv.slice(2);
const shown = 20;
const require = createRequire(join(resolve(modules), 'package.json'));
const Ajv = require('ajv').default;
const addFormats = require('ajv-formats').default;
const compiled = new Map();

function validator(version) {
  if (!compiled.has(version)) {
    const path = join(schemas, `${version}.json`);
    if (!existsSync(path)) {
      throw new Error(`no schema for OSCAL ${version}`);
    }
    const schema = JSON.parse(readFileSync(path, 'utf8'));
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    compiled.set(version, ajv.compile(schema));
  }
  return compiled.get(version);
}

// The alternatives of the root and of a choice all fail with the one that was
// meant; the errors inside the document say what is wrong.
function telling(errors) {
  const inner = errors.filter(
    (e) => e.instancePath !== '' && e.keyword !== 'anyOf' && e.keyword !== 'oneOf',
  );
  return inner.length > 0 ? inner : errors;
}

function explain(e) {
  const extra = e.params.additionalProperty ?? e.params.allowedValues?.join(', ');
  return `      ERROR  ${e.keyword}  ${e.instancePath || '/'}  ${e.message}${extra ? `: ${extra}` : ''}`;
}

let failed = false;

function report(ok, file, detail) {
  failed ||= !ok;
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ajv         ${file}  ${detail}`);
}

for (const file of files) {
  try {
    const doc = JSON.parse(readFileSync(file, 'utf8'));
    const version = Object.values(doc ?? {}).find((v) => v?.metadata)?.metadata['oscal-version'];
    if (version === undefined) {
      throw new Error('no metadata.oscal-version');
    }
    const validate = validator(version);
    const ok = validate(doc);
    const errors = ok ? [] : telling(validate.errors);
    report(ok, file, `OSCAL ${version}${ok ? '' : `, ${errors.length} ERROR`}`);
    errors.slice(0, shown).forEach((e) => console.log(explain(e)));
    if (errors.length > shown) {
      console.log(`      … and ${errors.length - shown} more`);
    }
  } catch (err) {
    report(false, file, err.message);
  }
}
process.exitCode = failed ? 1 : 0;
