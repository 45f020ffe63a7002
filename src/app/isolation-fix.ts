import type { Judgement } from '../machines/judgement.ts'

/**
 * Returns the one command that would let the candidates be executed; null where they were, where nothing was to be executed, and in
 * logs from before the command was told.
 */
export function isolationFix(judgement: Pick<Judgement, 'execution' | 'suite'> | null): string | null {
  for (const result of [judgement?.execution, judgement?.suite]) {
    if (result?.isolation === 'none' && result.fix) return result.fix
  }
  return null
}
