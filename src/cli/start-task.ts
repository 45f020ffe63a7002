import { resolve } from 'node:path'
import { compose, packagePath, requireBackend } from '../app/compose.ts'
import { startRun } from '../app/start-run.ts'
import { loadPersonas } from '../config/load-personas.ts'
import { selectAgents } from '../config/select-agents.ts'
import type { Config } from '../domain/config.ts'
import { CodeConductorError, type ExitCode } from '../domain/errors.ts'
import { RunSpec } from '../domain/run-spec.ts'
import type { CliContext } from './cli-context.ts'
import { toPrintableLine } from './printable.ts'
import type { Task } from './read-task.ts'
import { showRun } from './show-run.ts'

/** Starts a run of `task` as `config` says, shows it and returns its exit code. Throws before the run only. */
export async function startTask(
  context: CliContext,
  config: Config,
  task: Task & { readonly mustVerify: boolean },
): Promise<ExitCode> {
  const personas = await loadPersonas(config.personas === null ? packagePath('personas') : resolve(context.cwd, config.personas))
  const agents = selectAgents(personas, config.agents, task.models)
  const spec = toSpec(config, task, agents)
  const conductor = await compose({ config, env: context.env, cwd: context.cwd })
  try {
    requireBackend(conductor)
    if (context.mode !== 'json') {
      for (const { name, url, detail, outcome } of conductor.probes) {
        if (outcome === 'found' || outcome === 'loading')
          context.stderr.write(`  ${toPrintableLine(`${name} at ${url}: ${detail}`)}\n`)
      }
    }
    return await showRun(context, conductor, (options) => startRun(spec, conductor, options), { mustVerify: task.mustVerify })
  } finally {
    await conductor.close()
  }
}

function toSpec(config: Config, task: Task, agents: ReturnType<typeof selectAgents>): RunSpec {
  const { protocol, rounds, sampling, limits, codebleu: codeBleu } = config
  const { prompt, language, suite } = task
  const seed = task.seed === undefined ? {} : { seed: task.seed }
  const parsed = RunSpec.safeParse({ prompt, language, suite, protocol, rounds, agents, sampling, limits, codeBleu, ...seed })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CodeConductorError('USAGE', `--${String(issue?.path[0] ?? 'prompt')}: ${issue?.message ?? 'is not valid'}`, {
    hint: 'codeconductor run --help',
  })
}
