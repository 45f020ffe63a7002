import { resolve } from 'node:path'
import { compose, packagePath, requireBackend } from '../../app/compose.ts'
import { locateOwnRun } from '../../app/find-run.ts'
import { forkRun } from '../../app/fork-run.ts'
import { loadPersonas } from '../../config/load-personas.ts'
import { selectAgents } from '../../config/select-agents.ts'
import type { Config } from '../../domain/config.ts'
import { CodeConductorError } from '../../domain/errors.ts'
import { shortRunId } from '../../domain/ids.ts'
import type { CliContext, CommandInput, Execute } from '../cli-context.ts'
import { loadSettings } from '../open-conductor.ts'
import { readNumber } from '../read-number.ts'
import { readPairs } from '../read-run-flags.ts'
import { showRun } from '../show-run.ts'

type RunChange = Parameters<typeof forkRun>[2]

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
    return await showRun(context, conductor, (options) => forkRun(parent, at, change, conductor, options), {
      mustVerify: input.options['verify'] === true,
      notes: [`forked from ${shortRunId(parent)} at ${at}`],
    })
  } finally {
    await conductor.close()
  }
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
