import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parseRecordings, type Recording } from '../backends/recording.ts'
import { createReplay } from '../backends/replay.ts'
import { loadPersonas } from '../config/load-personas.ts'
import { selectAgents } from '../config/select-agents.ts'
import { parseYaml } from '../config/yaml-source.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { Sampling } from '../domain/message.ts'
import { Protocol, RunSpec } from '../domain/run-spec.ts'
import type { Backend } from '../ports/backend.ts'
import { createSystemClock } from '../system/system-clock.ts'
import { type ComposeOptions, type Conductor, compose, packagePath } from './compose.ts'

/** What a demo's YAML says: the task and all that has a part in the requests its recordings answer. */
const DemoFile = z.strictObject({
  prompt: z.string().min(1),
  agents: z.array(z.string()).min(1),
  protocol: Protocol.default('evidence'),
  rounds: z.int().min(1).max(100).default(1),
  seed: z.int().min(0).default(0),
  language: z.string().nullable().default(null),
  sampling: Sampling.default({}),
  /** Model by agent; absent = by preference among the recorded ones. */
  models: z.record(z.string(), z.string()).default({}),
})

/** A task that ships with the answers real models gave to it. */
export interface Demo {
  readonly spec: RunSpec
  readonly recordings: readonly Recording[]
  /** Models whose answers were recorded, by name. */
  readonly models: readonly string[]
}

/** Ms between pieces of text, so that a person can watch. */
const PACE_MS = 8

/**
 * Returns the demo called `name`: `<name>.yaml` and `<name>.jsonl` in `folder` (default: the package's `examples/recordings`).
 * Throws `ARTIFACT_INVALID` where they are missing or wrong.
 */
export async function loadDemo(name = 'demo', folder = packagePath('examples', 'recordings')): Promise<Demo> {
  // One after the other: of two that are missing the same one is always told.
  const task = await readDemoFile(folder, `${name}.yaml`)
  const recorded = await readDemoFile(folder, `${name}.jsonl`)
  const parsed = DemoFile.safeParse(parseYaml(task).value)
  if (!parsed.success) throw broken(`${name}.yaml`, z.prettifyError(parsed.error).split('\n')[0] ?? 'does not fit')
  const { agents, models, ...rest } = parsed.data
  const personas = await loadPersonas(packagePath('personas'))
  const spec = RunSpec.parse({ ...rest, agents: selectAgents(personas, agents, models) })
  const recordings = parseRecordings(recorded, `${name}.jsonl`)
  return { spec, recordings, models: [...new Set(recordings.map(({ request }) => request.model))].sort() }
}

/** Returns the services of a process in which `demo`'s recordings answer: no socket, everything else as in any run. */
export function composeDemo(
  demo: Demo,
  options: Omit<ComposeOptions, 'backends' | 'clock'>,
  paceMs = PACE_MS,
): Promise<Conductor> {
  const clock = createSystemClock()
  const backend: Backend = createReplay({
    id: 'recorded',
    recordings: demo.recordings,
    whenExhausted: 'repeat-last',
    ...(paceMs > 0 ? { pace: { clock, eventDelayMs: paceMs } } : {}),
  })
  return compose({ ...options, backends: [backend], clock })
}

async function readDemoFile(folder: string, file: string): Promise<string> {
  try {
    return await readFile(`${folder}/${file}`, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw broken(file, code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`)
  }
}

function broken(file: string, why: string): CodeConductorError {
  return new CodeConductorError('ARTIFACT_INVALID', `the demo's ${file} ${why}`, {
    hint: 'codeconductor run --backend mock "Write …"',
  })
}
