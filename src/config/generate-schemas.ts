import { z } from 'zod'
import { ConfigFile } from '../domain/config.ts'
import { Persona } from '../domain/persona.ts'

const GENERATED = {
  persona: { schema: Persona, title: 'Persona', description: 'A role in a debate: one YAML file under personas/.' },
  config: {
    schema: ConfigFile,
    title: 'Configuration file',
    description: 'The user’s config.yaml or a project’s .codeconductor/config.yaml.',
  },
} as const

/**
 * Returns the JSON Schemas (2020-12) that are made from the code, as text by file name: of what a file may hold, defaults
 * included. The other files of schemas/ are written by hand and held to the code's types by tests.
 */
export function generateSchemas(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(GENERATED).map(([kind, { schema, title, description }]) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' })
      const named = { $schema, $id: `urn:codeconductor:schema:${kind}`, title, description, ...rest }
      return [`${kind}.schema.json`, `${JSON.stringify(named, null, 2)}\n`]
    }),
  )
}
