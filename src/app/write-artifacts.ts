import { isAbsolute, normalize, relative, sep } from 'node:path'
import { CodeConductorError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/event.ts'
import { type ArtifactTools, createArtifactTools } from './artifact-tools.ts'
import type { Conductor } from './compose.ts'
import { renderJson } from './inert-text.ts'
import { placeFiles } from './place-files.ts'
import { renderAssertions } from './render-assertions.ts'
import { renderConsensus } from './render-consensus.ts'
import { renderKpi } from './render-kpi.ts'
import { renderReport } from './render-report.ts'
import { renderRunConfig } from './render-run-config.ts'
import { renderSelectorDecision } from './render-selector-decision.ts'
import { renderTranscript } from './render-transcript.ts'
import { modelInfo, type RunFacts, usedModels, winnerOf } from './run-facts.ts'
import { type RunHistory, readHistory, seenHistory } from './run-history.ts'
import type { RunResult } from './start-run.ts'
import { measureLikeness } from './winner-likeness.ts'

/** The part of a process's services that a run's files are made of. */
export interface ArtifactConductor
  extends Pick<Conductor, 'runtime' | 'clock' | 'config' | 'productVersion' | 'backends' | 'artifactsDir'> {
  readonly store: Pick<Conductor['store'], 'read' | 'folderOf'>
}

export interface WrittenArtifacts {
  /** The run's folder. */
  readonly folder: string
  /** Names in it, those worth opening first. */
  readonly files: readonly string[]
}

/** Longest a server may take to say its version. */
const HEALTH_TIMEOUT_MS = 500

/**
 * Writes the files of an ended run beside its log, whatever its end, each whole or not at all, replacing older ones.
 *
 * 1. Every JSON file is held to its schema before anything is written; one that does not fit throws `ARTIFACT_INVALID`.
 * 2. A run whose log cannot be read gets its files from what was seen of it; then no prompts are written.
 * 3. Throws `STORE_FAILED` where the disk does not take a file; the others stand.
 */
export async function writeArtifacts(
  conductor: ArtifactConductor,
  result: RunResult,
  tools: ArtifactTools = createArtifactTools(),
): Promise<WrittenArtifacts> {
  const folder = conductor.store.folderOf(result.runId)
  const facts = await gatherFacts(conductor, result, tools)
  const files = renderFiles(facts, tools.validate, result.events)
  const target = tools.openFolder(folder)
  // Together: each waits for the disk twice.
  const written = await Promise.allSettled([...files].map(([name, content]) => target.write(name, content)))
  const failed = written.find((each) => each.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { folder, files: [...files.keys()] }
}

/** Returns all files by name, those worth opening first. Throws `ARTIFACT_INVALID`. */
function renderFiles(facts: RunFacts, validate: ArtifactTools['validate'], events: readonly RunEvent[]): Map<string, string> {
  const { context, history } = facts
  const checked = (kind: Parameters<ArtifactTools['validate']>[0], value: unknown): string => {
    validate(kind, value)
    return renderJson(value)
  }
  const winner = winnerOf(context)
  const after = winner === null ? [] : placeFiles(winner, context.judgement?.gate.entryPoint ?? null)
  const assertions = renderAssertions(context)
  const entries: [string, string][] = [
    ...after.map(({ path, content }): [string, string] => [`after/${path}`, content]),
    ['transcript.md', renderTranscript(facts)],
    ['kpi.json', checked('kpi', renderKpi(facts))],
    ['consensus.json', checked('consensus', renderConsensus(facts))],
    ['selector_decision.json', checked('selector-decision', renderSelectorDecision(facts))],
    ['run_config.json', checked('run-config', renderRunConfig(facts))],
    // A log that failed has no digest to be known by.
    ...(facts.stopReason === 'log-failed'
      ? []
      : [['snapshot.json', renderJson({ v: 1, digest: facts.digest, events }, 0)] as [string, string]]),
    ...(assertions === null ? [] : [['tests/assertions.txt', assertions] as [string, string]]),
    ...(history.prompts.length === 0
      ? []
      : [['logs/prompts.jsonl', history.prompts.map((prompt) => renderJson(prompt, 0)).join('')] as [string, string]]),
  ]
  const report = renderReport(
    facts,
    entries.map(([name]) => name),
  )
  return new Map([['report.md', report], ...entries])
}

async function gatherFacts(conductor: ArtifactConductor, result: RunResult, tools: ArtifactTools): Promise<RunFacts> {
  const { config, clock, productVersion, backends } = conductor
  const { context, runId, outcome, stopReason, detail, digest } = result
  const history = await historyOf(conductor, result)
  const winner = winnerOf(context)
  const pool = context.judgement?.gate.candidates ?? []
  const [hardware, engineVersion, likeness] = await Promise.all([
    tools.readHardware(),
    versionOf(backends, modelInfo(context, winner?.model ?? usedModels(history)[0] ?? '')?.backend),
    winner === null ? null : measureLikeness(winner, pool, tools.parser, context.spec.codeBleu ?? null),
  ])
  return {
    ...{ runId, outcome, stopReason, detail, digest, context, history, config, productVersion, backends },
    ...{ hardware, engineVersion, likeness },
    folder: shownFolder(conductor, runId),
    writtenMs: clock.wallMs(),
  }
}

async function historyOf(conductor: ArtifactConductor, { runId, events }: RunResult): Promise<RunHistory> {
  try {
    const { records } = await conductor.store.read(runId)
    return readHistory(records, conductor.runtime)
  } catch (error) {
    // A full disk may have taken the log with it; what the run was seen to do still makes honest files.
    if (error instanceof CodeConductorError) return seenHistory(events)
    throw error
  }
}

async function versionOf(backends: Conductor['backends'], id: string | undefined): Promise<string | null> {
  const backend = backends.find((each) => each.id === id)
  return (await backend?.health(AbortSignal.timeout(HEALTH_TIMEOUT_MS)))?.version ?? null
}

/** The run's folder from where the product runs; from the folder of all runs where that lies elsewhere: no home path is told. */
function shownFolder({ config, artifactsDir }: ArtifactConductor, runId: string): string {
  const root = isAbsolute(config.artifactsDir) ? relative(process.cwd(), artifactsDir) : normalize(config.artifactsDir)
  const plain = root.split(sep).join('/').replace(/\/+$/, '')
  const isOutside = plain === '..' || plain.startsWith('../') || isAbsolute(root)
  return [...(isOutside || plain === '' || plain === '.' ? [] : [plain]), 'runs', runId].join('/')
}
