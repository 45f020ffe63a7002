import { resolve } from 'node:path'
import { compose, requireBackend } from '../../app/compose.ts'
import { recordRun } from '../../app/record-run.ts'
import type { Execute } from '../cli-context.ts'
import { exitCodeOf } from '../exit-code.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { readTask } from '../read-task.ts'
import { recordThrough } from '../record-through.ts'
import { renderEventLine } from '../render-event-line.ts'

/**
 * Runs a debate once against real models and keeps its log and its exchanges, for tests that need no model; with `--proxy`
 * sits in front of a server and keeps the exchanges of any client.
 */
export const execute: Execute = async (context, input) => {
  const [name = 'run', ...rest] = input.args
  const { config } = await loadSettings(context, input)
  if (input.options['proxy'] !== undefined) return recordThrough(context, input, config)
  const { prompt, models, language, suite, seed } = await readTask(context, { ...input, args: rest })
  const conductor = await compose({ config, env: context.env, cwd: context.cwd })
  try {
    requireBackend(conductor)
    const { agents, protocol, rounds, sampling, limits, personas } = config
    const { result, log, recordings } = await recordRun(resolve(context.cwd, name), {
      ...{ prompt, models, language, suite, agents, protocol, rounds, sampling, limits },
      ...(seed === undefined ? {} : { seed }),
      ...(personas === null ? {} : { personas: resolve(context.cwd, personas) }),
      artifactsDir: conductor.artifactsDir,
      backends: conductor.backends,
      cwd: context.cwd,
      env: context.env,
    })
    for (const event of result.events) {
      const line = context.mode === 'json' ? null : renderEventLine(event)
      if (context.mode === 'json') context.stdout.write(toJsonLine(event))
      else if (line !== null) context.stderr.write(`${line}\n`)
    }
    if (context.mode !== 'json') context.stdout.write(`${toPrintableLine(log)}\n${toPrintableLine(recordings)}\n`)
    const grade = result.context.judgement?.verdict.grade ?? 'unverified'
    return exitCodeOf({ outcome: result.outcome, stopReason: result.stopReason, grade }, false)
  } finally {
    await conductor.close()
  }
}
