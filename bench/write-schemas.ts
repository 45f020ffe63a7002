import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSchemas } from '../src/config/generate-schemas.ts'

/** Writes the schemas that are made from the code into schemas/ of the folder it runs in. */
for (const [file, text] of Object.entries(generateSchemas())) {
  writeFileSync(join('schemas', file), text)
  console.log(`schemas/${file} written`)
}
