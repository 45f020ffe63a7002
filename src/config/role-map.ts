import { z } from 'zod'
import { Persona } from '../domain/persona.ts'
import { explainIssues, type Problem } from './explain-issues.ts'
import type { YamlDocument } from './yaml-source.ts'

const text = z.string().trim().min(1).max(4_000)

/** The names under which an entry may give its whole text instead of a style. */
const WHOLE_TEXTS = ['prompt', 'system', 'template'] as const

/**
 * One entry of a single-file persona map. Besides the old form (`style`, `rules`, or the whole text as `prompt`, `system`,
 * `template` or `messages`) every field of a persona but its id may stand here.
 */
const RoleEntry = z
  .strictObject({
    ...Persona.omit({ id: true }).shape,
    title: Persona.shape.title.optional(),
    style: text.optional(),
    prompt: text.optional(),
    system: text.optional(),
    template: text.optional(),
    messages: z
      .array(z.strictObject({ role: z.string().max(32).optional(), content: text }))
      .min(1)
      .max(20)
      .optional(),
  })
  .superRefine((entry, context) => {
    const given = [...WHOLE_TEXTS, 'messages' as const].filter((name) => entry[name] !== undefined)
    if (given.length > 1)
      context.addIssue({ code: 'custom', path: [given[1] ?? ''], message: `says again what ${given[0]} says: keep one` })
    if (given.length > 0 && entry.instructions !== '')
      context.addIssue({ code: 'custom', path: ['instructions'], message: `says again what ${given[0]} says: keep one` })
    if (given.length === 0 && entry.style === undefined)
      context.addIssue({ code: 'custom', path: ['style'], message: 'is missing (or give prompt, system, template or messages)' })
  })
type RoleEntry = z.infer<typeof RoleEntry>

/** True for a map of roles, false for a document that is, or means to be, one persona. */
export function isRoleMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const isMapping = (part: unknown) => typeof part === 'object' && part !== null && !Array.isArray(part)
  const entries = Object.entries(value)
  if (entries.length === 0) return false
  return (
    entries.every(([key, part]) => isMapping(part) || !Object.hasOwn(Persona.shape, key)) &&
    entries.some(([, part]) => isMapping(part))
  )
}

/** Returns the personas of a map of roles in the order they are written, with the line of each, and what is wrong. */
export function readRoleMap(file: string, document: YamlDocument) {
  const found: { persona: Persona; file: string; line: number }[] = []
  const problems: Problem[] = []
  for (const [id, value] of Object.entries(document.value as Record<string, unknown>)) {
    const parsed = RoleEntry.safeParse(value)
    const named = Persona.shape.id.safeParse(id)
    if (!named.success) {
      const message = `a role must be named by ${named.error.issues[0]?.message ?? 'a plain word'}`
      problems.push({ file, line: document.lineOf([id]), field: id.slice(0, 64), message, suggestion: null })
    } else if (!parsed.success) problems.push(...explainIssues(parsed.error, RoleEntry, { file, document, at: [id] }))
    else found.push({ persona: toPersona(id, parsed.data), file, line: document.lineOf([id]) })
  }
  return { found, problems }
}

function toPersona(id: string, entry: RoleEntry): Persona {
  const { prompt, system, template, messages, ...rest } = entry
  const whole = prompt ?? system ?? template ?? messages?.map((message) => message.content).join('\n')
  return {
    ...rest,
    id,
    title: entry.title ?? titleOf(id),
    style: entry.style ?? 'you work as told below.',
    instructions: whole ?? entry.instructions,
  }
}

/** `bug_hunter` → `Bug Hunter`. */
function titleOf(id: string): string {
  return id
    .split(/[_-]+/)
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
