import { z } from 'zod'
import { nearestName } from '../domain/nearest-name.ts'
import type { YamlDocument } from './yaml-source.ts'

/** One thing wrong with a file, as plain data; it never holds the value that is wrong. */
export interface Problem {
  readonly file: string
  /** From 1; null where the file as a whole is meant. */
  readonly line: number | null
  /** Dotted path of the field, e.g. `limits.turnTimeoutSeconds`; empty for the file as a whole. */
  readonly field: string
  readonly message: string
  /** The name that was probably meant. */
  readonly suggestion: string | null
}

/** Returns `problem` in one printable line: `personas/coder.yaml:7: method: must be one of … (did you mean "plan"?)`. */
export function renderProblem(problem: Problem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}`
  const field = problem.field === '' ? '' : `${problem.field}: `
  const suggestion = problem.suggestion === null ? '' : ` (did you mean "${problem.suggestion}"?)`
  return toPrintable(`${place}: ${field}${problem.message}${suggestion}`).slice(0, 1_000)
}

/** Returns `text` with every character that could drive a terminal or turn the writing round as `\\uXXXX`. */
export function toPrintable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * Returns what zod found wrong with a document as problems with line, field and nearest name, in the order of the lines.
 * `at` is where in the document the checked value stands.
 */
export function explainIssues(
  error: z.ZodError,
  schema: z.ZodType,
  where: { readonly file: string; readonly document: YamlDocument; readonly at?: readonly PropertyKey[] },
): Problem[] {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const problems = error.issues.flatMap((issue) => {
    const path = [...(where.at ?? []), ...issue.path]
    const problem = (at: readonly PropertyKey[], message: string, suggestion: string | null): Problem => ({
      file: where.file,
      line: where.document.lineOf(at),
      field: at.map(String).join('.'),
      message,
      suggestion,
    })
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(shape, issue.path)
      return issue.keys.map((key) => problem([...path, key], 'unknown field', nearestName(key, known)))
    }
    if (issue.code === 'invalid_value') {
      const allowed = issue.values.map(String)
      return [problem(path, `must be one of ${allowed.join(', ')}`, nearestValue(valueAt(where.document.value, path), allowed))]
    }
    return [problem(path, describeIssue(issue, valueAt(where.document.value, path)), null)]
  })
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** Returns what zod found wrong with `value` in a phrase that fits after its name; it never holds the value. */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type' && value === undefined) return 'is missing'
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}, not ${article(nameOfType(value))}`
  return issue.message
    .replace(/^Invalid string: must match pattern .*$/, 'has the wrong form')
    .replace(/^[A-Z]/, (first) => first.toLowerCase())
}

const NOUNS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'empty',
  string: 'text',
}

function article(noun: string): string {
  return NOUNS[noun] ?? `a ${noun}`
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function nearestValue(value: unknown, allowed: readonly string[]): string | null {
  return typeof value === 'string' ? nearestName(value, allowed) : null
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<PropertyKey, unknown>)[step]
  }
  return current
}

type JsonSchema = z.core.JSONSchema.JSONSchema

/** The names an object at `path` may have, read off the schema's JSON form. */
function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  let current: JsonSchema = schema
  for (const step of path) {
    const next = typeof step === 'number' ? current.items : current.properties?.[String(step)]
    if (typeof next !== 'object' || Array.isArray(next)) return []
    current = next
  }
  return Object.keys(current.properties ?? {})
}
