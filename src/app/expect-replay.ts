import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import type { LogRecord } from '../domain/record.ts'
import type { ModelRequest } from '../machines/effects.ts'
import { patch } from './diff-runs.ts'
import { readLocatedRun } from './find-run.ts'
import { type Divergence, type Replay, type ReplayMode, replayRecords } from './replay-run.ts'
import { renderPrompt } from './run-effects.ts'

export interface ReplayOptions {
  readonly mode?: ReplayMode
  /** Where runs are kept, for a run named by id or `last`; default `artifacts`. */
  readonly artifactsDir?: string
  readonly cwd?: string
}

/**
 * Folds a recorded run again with no model, no socket, no timer and no write. `run` is its records, an id, `last`, or the
 * path of its folder or log file. Throws `RUN_NOT_FOUND`, `LOG_CORRUPT`, `LOG_TOO_NEW`; a divergence is in the result.
 */
export async function replayRun(run: string | readonly LogRecord[], options: ReplayOptions = {}): Promise<Replay> {
  const records = typeof run === 'string' ? (await readLocatedRun(run, options)).records : run
  return replayRecords(records, undefined, undefined, options.mode ?? 'strict')
}

/**
 * For tests: replays as `replayRun` does, and throws `REPLAY_DIVERGED` unless the machines of today fold the log as it was
 * recorded and the log is whole. The message names the record, the actor and the effect, with both lists of outputs, and
 * shows how the prompt changed where `logs/prompts.jsonl` lies beside the log.
 */
export async function expectReplay(run: string | readonly LogRecord[], options: ReplayOptions = {}): Promise<Replay> {
  const located = typeof run === 'string' ? await readLocatedRun(run, options) : { records: run, folder: null }
  const replay = replayRecords(located.records, undefined, undefined, options.mode ?? 'strict')
  if (replay.divergence !== null) {
    const text = describeDivergence(replay.divergence, await recordedPrompt(located.folder, replay.divergence))
    throw new CodeConductorError('REPLAY_DIVERGED', text, { hint: 'codeconductor replay --effects, to allow states to differ' })
  }
  const last = located.records.at(-1)
  if (last?.k !== 'end')
    throw new CodeConductorError('REPLAY_DIVERGED', 'the log is not sealed: its run did not end', {
      hint: 'codeconductor resume',
    })
  return replay
}

/** Returns a divergence in words: where, what was recorded, what came now, and how the prompt changed. */
export function describeDivergence(divergence: Divergence, recorded: string | null): string {
  const list = (outputs: Divergence['recorded']): string =>
    outputs.length === 0 ? '    nothing' : outputs.map((output) => `    ${output.join(' ')}`).join('\n')
  const { effect } = divergence
  const lines = [
    `record ${divergence.seq} (${divergence.kind} ${divergence.actor}) is not what today's machines make of it`,
    `  recorded, digest ${divergence.recordedDigest ?? 'unchanged'}`,
    list(divergence.recorded),
    `  now, digest ${divergence.gotDigest}`,
    list(divergence.got),
  ]
  if (effect !== null) lines.push(`  first effect that is asked differently: ${effect.id} (${effect.name})`)
  if (effect?.name === 'model') lines.push(describePrompts(recorded, renderPrompt((effect.input as ModelRequest).prompt)))
  return lines.join('\n')
}

function describePrompts(recorded: string | null, now: string): string {
  if (recorded === null)
    return '  its recorded prompt is not at hand: there is no logs/prompts.jsonl beside the log, or it is not in it'
  return (
    patch(recorded, now, ['prompt as recorded', 'prompt now']) ?? '  the prompt is the same; its model, sampling or limits differ'
  )
}

/** Returns the prompt of the diverging effect as it was sent; null where it was not kept. */
export async function recordedPrompt(folder: string | null, { effect }: Divergence): Promise<string | null> {
  if (folder === null || effect === null) return null
  const text = await readFile(join(folder, 'logs', 'prompts.jsonl'), 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const sent = line.includes(`"${effect.id}"`) ? sentPrompt(line) : null
    if (sent?.id === effect.id) return sent.messages.map(({ role, content }) => `[${role}]\n${content}`).join('\n')
  }
  return null
}

interface SentPrompt {
  readonly id: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

/** A line a crash cut off, or someone's edit spoilt, tells of no prompt; the divergence is told all the same. */
function sentPrompt(line: string): SentPrompt | null {
  try {
    const value = JSON.parse(line) as Partial<SentPrompt> | null
    return typeof value?.id === 'string' && Array.isArray(value.messages) ? (value as SentPrompt) : null
  } catch {
    return null
  }
}
