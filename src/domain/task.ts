import { z } from 'zod'
import type { Call, TypedValue } from './value.ts'

/** A statement about a solution that nobody who writes or chooses one may see. Both are literals of the task's language. */
export const HiddenCheck = z.strictObject({
  /** One call of the entry point with literal arguments. */
  call: z.string().trim().min(3).max(2_000),
  /** What it must give, compared by value on the host. */
  expected: z.string().trim().min(1).max(2_000),
})
export type HiddenCheck = z.infer<typeof HiddenCheck>

/** A small programming task with hidden checks: one YAML file, described in docs/tasks.md. */
export const Task = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'lower-case letters, digits and -, at most 64'),
  title: z.string().trim().min(1).max(80),
  /** All a model is told. It declares the function. */
  prompt: z.string().trim().min(1).max(20_000),
  language: z.enum(['python', 'javascript']),
  /** Name of the function the checks call. */
  entryPoint: z.string().regex(/^[A-Za-z_$][\w$]{0,63}$/, 'the name of a function'),
  /** Whether the prompt shows a call with its result. */
  hasExample: z.boolean(),
  checks: z.array(HiddenCheck).min(6).max(12),
})
export type Task = z.infer<typeof Task>

/** A task with its checks read. Nothing but a scorer may look at `hidden`. */
export interface ScoredTask extends Omit<Task, 'checks'> {
  readonly hidden: readonly { readonly call: Call; readonly expected: TypedValue }[]
}
