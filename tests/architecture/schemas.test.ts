import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { generateSchemas } from '../../src/config/generate-schemas.ts'

const directory = join(import.meta.dirname, '../../schemas')
const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
const read = (file: string) => readFileSync(join(directory, file), 'utf8')

describe('the committed schemas', () => {
  test.each(Object.entries(generateSchemas()))('%s is what the code makes (npm run schemas writes it)', (file, text) => {
    expect(read(file)).toBe(text)
  })

  test('are all there', () => {
    const kinds = ['config', 'consensus', 'event', 'kpi', 'persona', 'record', 'selector-decision']
    expect(files).toEqual(expect.arrayContaining(kinds.map((kind) => `${kind}.schema.json`)))
  })

  test.each(files)('%s is strict JSON Schema 2020-12, named after its file, with every object closed', (file) => {
    const schema = JSON.parse(read(file))
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:codeconductor:schema:${file.replace('.schema.json', '')}`,
      title: expect.any(String),
      description: expect.any(String),
    })
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, discriminator: true })
    formats.default(ajv)
    expect(ajv.compile(schema)).toBeTypeOf('function')
    const open = objectsOf(schema).filter(
      (part) => part['properties'] !== undefined && part['additionalProperties'] !== false && part['oneOf'] === undefined,
    )
    expect(open).toEqual([])
  })
})

function objectsOf(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsOf)
  if (typeof value !== 'object' || value === null) return []
  const part = value as Record<string, unknown>
  return [part, ...Object.values(part).flatMap(objectsOf)]
}
