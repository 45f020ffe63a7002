import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { CodeConductorError } from '../domain/errors.ts'

/** What has a schema: `<kind>.schema.json` in the schemas' folder. */
export type ArtifactKind = 'kpi' | 'consensus' | 'selector-decision' | 'run-config' | 'record' | 'event' | 'persona' | 'config'

const SHOWN_ERRORS = 3

/**
 * Returns a function that checks a value against the schema of its kind. A schema is read and compiled when its kind is first
 * asked for. The function throws `ARTIFACT_INVALID` with the first three faults, by JSON pointer and never with the value;
 * `INTERNAL` where the schema itself cannot be read.
 */
export function createArtifactValidator(schemasDir: string): (kind: ArtifactKind, value: unknown) => void {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, discriminator: true, strict: true })
  formats.default(ajv, ['date-time'])
  const compiled = new Map<ArtifactKind, ValidateFunction>()
  return (kind, value) => {
    const validate = compiled.get(kind) ?? compile(ajv, schemasDir, kind)
    compiled.set(kind, validate)
    if (validate(value)) return
    const faults = (validate.errors ?? []).slice(0, SHOWN_ERRORS).map(describe)
    throw new CodeConductorError('ARTIFACT_INVALID', `${kind} does not fit its schema: ${faults.join('; ')}`, {
      hint: 'this is a fault of the product: please report it with the run’s log',
      details: { kind, faults },
    })
  }
}

function compile(ajv: Ajv2020, schemasDir: string, kind: ArtifactKind): ValidateFunction {
  try {
    return ajv.compile(JSON.parse(readFileSync(join(schemasDir, `${kind}.schema.json`), 'utf8')))
  } catch (cause) {
    throw new CodeConductorError('INTERNAL', `the schema of ${kind} could not be read`, {
      cause,
      hint: 'install the package again',
    })
  }
}

function describe(error: ErrorObject): string {
  const extra = error.keyword === 'additionalProperties' ? ` ("${String(error.params['additionalProperty']).slice(0, 64)}")` : ''
  return `${error.instancePath || '/'} ${error.message ?? error.keyword}${extra}`
}
