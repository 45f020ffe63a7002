/** Scoring, and the only file that reads verdicts. Nothing that chooses imports it. */
import { readRows } from './consensus-data.ts'

export interface Verdicts {
  has(task: string): boolean
  passed(task: string, candidate: string): boolean
  passedStrict(task: string, candidate: string): boolean
}

interface Row {
  readonly task_id: string
  readonly solution_id?: string
  readonly candidate_id?: string
  readonly passed: boolean | Readonly<Record<string, boolean>>
  readonly passed_strict?: boolean
}

/** Returns the verdicts of a file; null when it is absent. */
export function readVerdicts(folder: string, name: string): Verdicts | null {
  const rows = readRows(folder, name) as Row[] | null
  if (rows === null) return null
  const base = new Map<string, boolean>()
  const strict = new Map<string, boolean>()
  for (const row of rows) {
    const given = typeof row.passed === 'boolean' ? { [row.solution_id ?? row.candidate_id ?? '']: row.passed } : row.passed
    for (const [candidate, passed] of Object.entries(given)) {
      base.set(`${row.task_id} ${candidate}`, passed)
      strict.set(`${row.task_id} ${candidate}`, row.passed_strict ?? passed)
    }
  }
  const tasks = new Set(rows.map((row) => row.task_id))
  return {
    has: (task) => tasks.has(task),
    passed: (task, candidate) => base.get(`${task} ${candidate}`) === true,
    passedStrict: (task, candidate) => strict.get(`${task} ${candidate}`) === true,
  }
}

/** Returns the share of the picked candidates that pass: ties count as the average over them. */
export function scoreOf(picked: readonly number[], passes: readonly boolean[]): number {
  return picked.length === 0 ? 0 : picked.filter((index) => passes[index]).length / picked.length
}
