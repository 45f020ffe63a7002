import { gateAnswers } from '../src/actors/gate-executor.ts'
import { createGatherExecutor } from '../src/actors/gather-executor.ts'
import { ModelPool } from '../src/actors/model-pool.ts'
import type { Conductor } from '../src/app/compose.ts'
import type { Services } from '../src/app/services.ts'
import { solveTask, TASK_SAMPLING, TASK_SEED, TASK_TEAM, taskSpec } from '../src/app/solve-task.ts'
import { tabulateEvidence } from '../src/consensus/evidence-table.ts'
import type { EvidencePlan } from '../src/consensus/plan-evidence.ts'
import type { Candidate } from '../src/domain/candidate.ts'
import { type ChatMessage, renderMessages, type Sampling } from '../src/domain/message.ts'
import type { Persona } from '../src/domain/persona.ts'
import type { ScoredTask } from '../src/domain/task.ts'
import type { AnswerToGate, ExecuteRequest, ExecuteResult } from '../src/machines/effects.ts'
import type { RunContext } from '../src/machines/run-context.ts'
import type { Backend, ChatEnd, ChatEvent, ChatRequest } from '../src/ports/backend.ts'
import type { RunStore } from '../src/ports/run-store.ts'
import type { SyntaxParser } from '../src/ports/syntax-parser.ts'
import { buildPrompt } from '../src/prompts/build-prompt.ts'
import type { RecordedBackend } from './live-backend.ts'

/** What a method came up with, and what it spent. The program is null where there is none. */
export interface Attempt {
  readonly program: string | null
  readonly tokens: number
  /** The model's own time: reading prompts and writing answers. */
  readonly seconds: number
}

/** Everything tried on one task. Nothing in it has seen a hidden check. */
export interface Tried {
  readonly one: Attempt
  readonly majority: Attempt & { readonly samples: number }
  readonly team: Attempt & { readonly answers: number; readonly escalations: number }
  /** Drafts of the team, for the best any choice among them could do. */
  readonly drafts: readonly string[]
  /** Each drafting persona alone; without those that nothing was recorded of. */
  readonly personas: Readonly<Record<string, Attempt>>
}

export interface World {
  readonly backend: RecordedBackend
  readonly model: string
  readonly conductor: Conductor
  readonly store: RunStore
  readonly parser: SyntaxParser
  readonly personas: readonly Persona[]
  /** Whether a persona outside the team may be asked about this task; else it is left out. */
  readonly mayAsk: (messages: readonly ChatMessage[], sampling: Sampling) => boolean
}

/** Sampling of voting: as hot as is usual for it (arXiv 2203.11171), or the samples would be one. */
const VOTE_TEMPERATURE = 0.8
/** More samples than any run's tokens pay for. */
const MAX_SAMPLES = 24

interface Answer {
  readonly text: string
  readonly end: ChatEnd
}

/** Tries one sample on a task and nothing else: how hard it is, before anything chooses between programs. */
export async function tryOnce(task: Omit<ScoredTask, 'hidden'>, world: World): Promise<Attempt> {
  const first = await ask(world, plainMessages(task), { ...TASK_SAMPLING, seed: TASK_SEED })
  return { program: await programOf(task, first, world), ...costOf([first.end]) }
}

/** Tries every method on one task: one sample, the team, voting with what the team spent, each persona alone. */
export async function tryMethods(task: Omit<ScoredTask, 'hidden'>, world: World): Promise<Tried> {
  const plain = plainMessages(task)
  const first = await ask(world, plain, { ...TASK_SAMPLING, seed: TASK_SEED })
  const meter = meterOf(world.backend)
  const { context } = await solveTask(task, world.personas, servicesOver(meter.backend, world))
  const team = {
    program: winnerOf(context),
    ...costOf(meter.ends),
    answers: meter.ends.length,
    escalations: context.escalations,
  }
  const samples = [first]
  while (samples.length < MAX_SAMPLES && costOf(samples.map(({ end }) => end)).tokens < team.tokens)
    samples.push(await ask(world, plain, { ...TASK_SAMPLING, temperature: VOTE_TEMPERATURE, seed: TASK_SEED + samples.length }))
  return {
    one: { program: await programOf(task, first, world), ...costOf([first.end]) },
    majority: {
      program: await vote(task, samples, context.plan, world),
      ...costOf(samples.map(({ end }) => end)),
      samples: samples.length,
    },
    team,
    drafts: (context.judgement?.gate.candidates ?? []).map(({ program }) => program),
    personas: await tryPersonas(task, context, world, meter.told),
  }
}

function plainMessages(task: Pick<ScoredTask, 'prompt'>): ChatMessage[] {
  return [{ role: 'user', content: `${task.prompt.trim()}\n\nAnswer with one fenced code block that holds the whole program.` }]
}

async function ask(world: World, messages: readonly ChatMessage[], sampling: Sampling): Promise<Answer> {
  let text = ''
  let end: ChatEnd | null = null
  for await (const event of world.backend.chat({
    requestId: 'live',
    model: world.model,
    messages,
    sampling,
    contextTokens: null,
    connectTimeoutMs: 5_000,
    signal: AbortSignal.timeout(600_000),
  })) {
    if (event.type === 'text') text += event.text
    if (event.type === 'end') end = event
  }
  if (end === null) throw new Error('an answer has no end')
  return { text, end }
}

/** Takes programs from answers as the product does, whoever wrote them. */
async function candidatesOf(
  task: Pick<ScoredTask, 'prompt'>,
  answers: readonly Answer[],
  world: World,
): Promise<readonly Candidate[]> {
  const gated = await gateAnswers(
    {
      prompt: task.prompt,
      language: null,
      answers: answers.map(
        ({ text, end }, i): AnswerToGate => ({
          id: `sample${String(i).padStart(2, '0')}`,
          agent: 'sample',
          round: 1,
          turn: `sample#${i}`,
          model: world.model,
          text,
          finish: end.finish,
        }),
      ),
    },
    world.parser,
  )
  return gated.candidates
}

async function programOf(task: Pick<ScoredTask, 'prompt'>, answer: Answer, world: World): Promise<string | null> {
  return (await candidatesOf(task, [answer], world))[0]?.program ?? null
}

/**
 * Majority of behaviour: samples that give equal results on every input are one vote, the largest group wins, the earlier
 * one where two are equal. It gets the inputs the run came up with for nothing, their expected results not.
 */
async function vote(
  task: Omit<ScoredTask, 'hidden'>,
  samples: readonly Answer[],
  plan: EvidencePlan | null,
  world: World,
): Promise<string | null> {
  const candidates = await candidatesOf(task, samples, world)
  const parsing = candidates.filter(({ parseError }) => parseError === null)
  if (plan === null || plan.calls.length === 0 || parsing.length === 0) return candidates[0]?.program ?? null
  const { language } = task
  const request: ExecuteRequest = { language, entryPoint: task.entryPoint, calls: plan.calls, candidates: parsing }
  const { rows } = await execute(request, world)
  const table = tabulateEvidence(
    parsing.map(({ id }) => id),
    plan,
    rows,
  )
  const groups = new Map<string, { votes: number; program: string }>()
  parsing.forEach(({ program, duplicates }, i) => {
    if (table.isLive[i] !== true) return
    const key = JSON.stringify(table.values[i])
    const group = groups.get(key) ?? { votes: 0, program }
    groups.set(key, { ...group, votes: group.votes + 1 + duplicates.length })
  })
  const best = [...groups.values()].reduce<{ votes: number; program: string } | null>(
    (most, group) => (most === null || group.votes > most.votes ? group : most),
    null,
  )
  return (best ?? parsing[0])?.program ?? null
}

function execute(request: ExecuteRequest, world: World): Promise<ExecuteResult> {
  return new Promise((resolve, reject) => {
    world.conductor.executors['execute']?.(
      { id: 'vote#1', input: request },
      {
        grant: () => {},
        text: () => {},
        row: () => {},
        ok: (output) => resolve(output as ExecuteResult),
        err: (error) => reject(new Error(error.message)),
      },
      new AbortController(),
    )
  })
}

async function tryPersonas(
  task: Pick<ScoredTask, 'prompt'>,
  context: RunContext,
  world: World,
  told: ReadonlyMap<string, ChatEnd>,
): Promise<Record<string, Attempt>> {
  const tried: Record<string, Attempt> = {}
  for (const persona of world.personas.filter(({ roles }) => roles.includes('draft'))) {
    const own = answersOf(context).find((answer) => answer.agent === persona.id && answer.phase === 'draft')
    if (TASK_TEAM.includes(persona.id)) {
      // What it said in the run is what it says alone: the same question, blind.
      const end = own === undefined ? undefined : told.get(own.turn)
      if (own === undefined || end === undefined) continue
      tried[persona.id] = { program: await programOf(task, { text: own.answer.text, end }, world), ...costOf([end]) }
      continue
    }
    const messages = renderMessages(
      buildPrompt({
        task: context.task,
        persona,
        phase: 'draft',
        view: { kind: 'blank' },
        contextTokens: null,
        answerTokens: TASK_SAMPLING.maxTokens ?? null,
      }),
    )
    const sampling = { ...persona.sampling, seed: TASK_SEED, ...taskSpec(task, world.personas).sampling }
    if (!world.mayAsk(messages, sampling)) continue
    const answer = await ask(world, messages, sampling)
    tried[persona.id] = { program: await programOf(task, answer, world), ...costOf([answer.end]) }
  }
  return tried
}

type TeamAnswer = RunContext['agents'][string]['answers'][number]

function answersOf(context: RunContext): TeamAnswer[] {
  return context.order.flatMap((id) => context.agents[id]?.answers ?? [])
}

function winnerOf({ judgement }: RunContext): string | null {
  const winner = judgement?.verdict.winner ?? null
  return judgement?.gate.candidates.find(({ id }) => id === winner)?.program ?? null
}

function costOf(ends: readonly ChatEnd[]): { tokens: number; seconds: number } {
  return {
    tokens: ends.reduce((total, { usage }) => total + (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0), 0),
    seconds: ends.reduce((total, { server }) => total + ((server.prefillMs ?? 0) + (server.decodeMs ?? 0)) / 1000, 0),
  }
}

/** Notes every end of an answer, by the turn it is of, and offers one place a model: a task asks one question after the other. */
function meterOf(inner: Backend): {
  readonly backend: Backend
  readonly ends: readonly ChatEnd[]
  readonly told: ReadonlyMap<string, ChatEnd>
} {
  const ends: ChatEnd[] = []
  const told = new Map<string, ChatEnd>()
  async function* chat(request: ChatRequest): AsyncGenerator<ChatEvent> {
    for await (const event of inner.chat(request)) {
      if (event.type === 'end') {
        ends.push(event)
        told.set(request.requestId, event)
      }
      yield event
    }
  }
  const models: Backend['models'] = async (signal) =>
    (await inner.models(signal)).map((model) => ({ ...model, parallelSlots: 1 }))
  return { backend: { ...inner, models, chat }, ends, told }
}

function servicesOver(backend: Backend, { conductor, store }: World): Services {
  const pool = new ModelPool({ backends: [backend], clock: conductor.clock, isAllowed: () => true, maxParallelModels: 0 })
  return { ...conductor, store, executors: { ...conductor.executors, model: pool.execute, gather: createGatherExecutor(pool) } }
}
