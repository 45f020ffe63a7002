import type { EvidenceGrade } from '../domain/verdict.ts'
import type { StopReading } from './stop-rule.ts'

/** One program in the pool, several answers with equal normalised text counted as one. */
export interface ContenderFacts {
  readonly id: string
  /** Who wrote it first, and with which model. */
  readonly agent: string
  readonly model: string
  /** Models of all answers with this text; `model` among them. */
  readonly models: readonly string[]
  /** How many answers have this text; at least 1. */
  readonly count: number
  /** Hash of the normalised text: the last resort of the tie order. */
  readonly codeHash: string
  /** Named nodes of the syntax tree; fewer wins a tie. */
  readonly nodes: number
  /** Size of its largest model in billions of parameters; 0 or absent = unknown. Decides only where nothing was executed. */
  readonly strength?: number
  /** False when the text does not parse, or nobody could tell and it is known to be broken. */
  readonly parses: boolean
}

/** How one candidate did in the user's own tests. */
export interface SuiteFacts {
  readonly candidate: string
  /** How far the result can be trusted; `unverified`: it counts for nothing. */
  readonly grade: EvidenceGrade
  readonly isGreen: boolean
  readonly passed: number
  readonly total: number
  /** The first test that did not pass; null where all did or none was reported. */
  readonly failure: { readonly test: string; readonly message: string } | null
  readonly why: string
}

/** One candidate's place and every number behind it. */
export interface RankedContender {
  readonly id: string
  readonly agent: string
  readonly model: string
  readonly count: number
  readonly parses: boolean
  /** Loaded in the sandbox and defines the entry point. */
  readonly isLive: boolean
  /** Why it is not live, or that it does not parse where nothing was loaded; null when there is no such fault. */
  readonly problem: string | null
  readonly examplesPassed: number
  readonly assertionsPassed: number
  /** Answers that agree with it on every compared call, itself included. */
  readonly votes: number
  /** Comparable within one ranking; null for one that could not be run where others could. */
  readonly score: number | null
  /** T, V, M and the share of examples: the terms of the score. */
  readonly tests: number
  readonly agreement: number
  readonly medoid: number
  readonly examples: number
  readonly trust: number
  readonly penalty: number
  /** CodeBLEU likeness to the pool, in [0, 1]; 0 where it was not measured. */
  readonly likeness: number
  /** Size of its largest model in billions of parameters, 0 = unknown: tells those apart that no call was executed of. */
  readonly strength: number
  /** Distinct models behind its behaviour; behind its text where no call of it was executed. With the next two: the tie order. */
  readonly modelCount: number
  readonly nodes: number
  readonly codeHash: string
}

/** A check with what became of it. `passedBy` are candidate ids. */
export interface JudgedCheck {
  readonly call: string
  readonly expected: string
  readonly source: string
  readonly writer: string | null
  readonly passedBy: readonly string[]
  /** False for an assertion that does not count: its writer is not believed, or its judges contradict it; see `absoluteTrust`. */
  readonly isBelieved: boolean
  /** r_t and w_t of an assertion; 1 and 1 for an example. */
  readonly reliability: number
  readonly weight: number
}

/** A compared call: `answers[i]` names the group of equal values candidate i gave, null when it gave none. */
export interface JudgedProbe {
  readonly call: string
  readonly isCompared: boolean
  readonly answers: readonly (number | null)[]
  /** One value per group, clipped. */
  readonly values: readonly string[]
}

/** How far one test writer was believed and why. */
export interface WriterTrust {
  readonly writer: string
  readonly assertions: number
  /** Assertions on calls, not examples, to which example-passing candidates give one and the same answer. */
  readonly known: number
  readonly wrong: number
  /** Assertions that do not count because enough judges agree on another answer; see `absoluteTrust`. */
  readonly contradicted: number
  /** False when it is wrong about more known answers than it is right: then nothing it wrote counts. */
  readonly isBelieved: boolean
}

export type OpenQuestion =
  | { readonly kind: 'repair'; readonly repairs: readonly Repair[] }
  | { readonly kind: 'distinguish'; readonly question: DistinguishingInput }
  | { readonly kind: 'another-model'; readonly usedModels: readonly string[] }
  | { readonly kind: 'none' }

/** What one group of candidates gets wrong. `call` is null when its program does not load. */
export interface Repair {
  readonly candidate: string
  readonly call: string | null
  readonly expected: string | null
  readonly actual: string
  /** It is a test of the user that fails, not a call. */
  readonly isTest?: true
}

/** A call on which the two leading behaviours differ; the options' order is drawn from the task's seed. */
export interface DistinguishingInput {
  readonly call: string
  readonly options: readonly { readonly result: string; readonly candidates: readonly string[] }[]
}

export interface DissentingView {
  readonly candidate: string
  readonly agent: string
  readonly votes: number
  readonly examplesPassed: number
  /** A compared call for which it gives another result than the winner; null when none can be shown. */
  readonly call: string | null
  readonly winnerGave: string | null
  readonly gave: string | null
}

/** Who would have won without one kind of evidence. */
export interface Counterfactual {
  readonly without: 'examples' | 'assertions' | 'probes' | 'structure' | 'tests'
  readonly winner: string | null
}

export interface ConfidenceParts {
  readonly value: number
  /** The logistic before its caps; null when no call was executed. */
  readonly uncapped: number | null
  readonly caps: readonly { readonly at: number; readonly why: string }[]
}

/** The whole decision; plain data from which each step can be recomputed by hand. */
export interface Decision {
  readonly method: 'execution-agreement' | 'test-suite' | 'structure-medoid' | 'none'
  /** Why no call was executed; null when calls were. */
  readonly notExecuted: string | null
  readonly winner: string | null
  /** Best first. */
  readonly ranking: readonly RankedContender[]
  /** Tie rules by which the winner and the next, equal in all else, were compared: the last one told them apart. */
  readonly tiesBrokenBy: readonly string[]
  readonly examples: { readonly passed: number; readonly total: number }
  readonly assertions: { readonly passed: number; readonly total: number }
  /** Answers behind the winner's behaviour, and answers in all. */
  readonly agreement: { readonly count: number; readonly total: number }
  /** The user's own tests, a row for each candidate they were run on; null where none were run. */
  readonly suite: readonly SuiteFacts[] | null
  readonly confidence: ConfidenceParts
  readonly stop: StopReading
  readonly open: OpenQuestion
  /** Why the winner must not be called a solution; null when it may. */
  readonly abstain: string | null
  /** Who gives another result than the winner for a compared call, one for each behaviour, best first. */
  readonly dissent: readonly DissentingView[]
  readonly counterfactuals: readonly Counterfactual[]
  readonly writers: readonly WriterTrust[]
  readonly evidence: {
    readonly candidates: readonly string[]
    readonly counts: readonly number[]
    readonly examples: readonly JudgedCheck[]
    readonly assertions: readonly JudgedCheck[]
    readonly probes: readonly JudgedProbe[]
    /** A and S, in `candidates` order. */
    readonly agreement: readonly (readonly number[])[]
    readonly similarity: readonly (readonly number[])[]
  }
}
