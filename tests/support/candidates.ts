import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Call, TypedValue } from '../../src/domain/value.ts'
import type { CandidateProgram } from '../../src/ports/sandbox.ts'

/** An integer as it crosses the boundary. */
export const int = (n: number): TypedValue => ({ t: 'int', v: String(n) })
/** One call of the function the candidates below define. */
export const callF = (...args: TypedValue[]): Call => ({ fn: 'f', args })
/** A Python candidate that defines `f`. */
export const python = (code: string): CandidateProgram => ({ language: 'python', code, entryPoint: 'f', seed: 7 })
/** A JavaScript candidate that defines `f`. */
export const javascript = (code: string): CandidateProgram => ({ language: 'javascript', code, entryPoint: 'f', seed: 7 })

/** Returns the processes of this machine that have `tag` in their command line, by pid. */
export function processesWith(tag: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    const path = `/proc/${pid}/cmdline`
    try {
      return /^\d+$/.test(pid) && existsSync(path) && readFileSync(path, 'latin1').includes(tag)
    } catch {
      return false
    }
  })
}
