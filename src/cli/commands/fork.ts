import { resolve } from 'node:path'
import { compose, packagePath, requireBackend } from '../../app/compose.ts'
import { locateOwnRun } from '../../app/find-run.ts'
import { forkRun } from '../../app/fork-run.ts'
import type { RunHandle, StartOptions } from '../../app/start-run.ts'
import { loadPersonas } from '../../config/load-personas.ts'
import { selectAgents } from '../../config/select-agents.ts'
import type { Config } from '../../domain/config.ts'
import { CodeConductorError } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { CliContext, CommandInput, Execute } from '../cli-context.ts'
import { plural } from '../format.ts'
import { loadSettings } from '../open-conductor.ts'
import { toJsonLine, toPrintableLine } from '../printable.ts'
import { readNumber } from '../read-number.ts'
import { readPairs } from '../read-run-flags.ts'
import { showRun } from '../show-run.ts'

type RunChange = Parameters<typeof forkRun>[2]
type Plan = Awaited<ReturnType<typeof forkRun>>['plan']

/** Starts a new run that shares a run's log up to a point and goes on from there with what the flags change. */
export const execute: Execute = async (context, input) => {
  const at = input.options['at']
  if (typeof at !== 'string') {
    throw new CodeConductorError('USAGE', 'fork wants --at: a record (60), a round (round:2) or answered turns (turn:15)', {
      hint: 'codeconductor fork last --at turn:1',
    })
  }
  // `--rounds` and `--model` change the run here, not the configuration.
  const { rounds, ...rest } = input.options
  const { config } = await loadSettings(context, { options: rest })
  const change = await readChange(context, { ...input, options: { ...rest, rounds } }, config)
  const conductor = await compose({ config, env: context.env, cwd: context.cwd })
  try {
    const parent = locateOwnRun(conductor, input.args[0] ?? 'last', context.cwd)
    requireBackend(conductor)
    const notes: string[] = []
    const begin = async (options: StartOptions): Promise<RunHandle> => {
      const fork = await forkRun(parent, at, change, conductor, options)
      notes.push(`forked from ${shortRunId(parent)} at ${at}: ${describePlan(fork.plan)}`)
      if (context.mode === 'json')
        context.stdout.write(toJsonLine({ type: 'run.forked', runId: fork.runId, parent, ...fork.plan }))
      // The live view has the terminal; there the summary says it.
      else if (context.mode === 'plain') context.stderr.write(`${toPrintableLine(notes.join())}\n`)
      return fork
    }
    return await showRun(context, conductor, begin, { mustVerify: input.options['verify'] === true, notes })
  } finally {
    await conductor.close()
  }
}

/** Which effects were in flight at the fork, and what became of them. */
function describePlan({ seq, askedAgain, cancelled }: Plan): string {
  const parts = [
    `${plural(seq + 1, 'record')} kept`,
    askedAgain.length === 0 ? null : `asked again: ${askedAgain.join(', ')}`,
    cancelled.length === 0 ? null : `given up: ${cancelled.join(', ')}`,
  ]
  return parts.filter((part) => part !== null).join('; ')
}

async function readChange(context: CliContext, { options }: CommandInput, config: Config): Promise<RunChange> {
  const models = readPairs(options, 'model')
  const roles = readPairs(options, 'persona')
  const path = config.personas === null ? packagePath('personas') : resolve(context.cwd, config.personas)
  const known = Object.keys(roles).length === 0 ? [] : await loadPersonas(path)
  const personas = Object.entries(roles).flatMap(([role, id]) =>
    selectAgents(known, [id], {}).map(({ persona }) => [role, persona] as const),
  )
  return {
    ...(typeof options['prompt'] === 'string' ? { prompt: options['prompt'] } : {}),
    ...(options['rounds'] === undefined ? {} : { rounds: readNumber('--rounds', options['rounds']) }),
    ...(Object.keys(models).length === 0 ? {} : { models }),
    ...(personas.length === 0 ? {} : { personas: Object.fromEntries(personas) }),
  }
}
