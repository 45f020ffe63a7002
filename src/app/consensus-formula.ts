import {
  ASSERTION_EXPONENT,
  CONSTANT_PENALTY,
  EXAMPLE_FLOOR,
  LIKENESS_WEIGHT,
  MEDOID_WEIGHT,
  STRUCTURE_VOTE,
} from '../consensus/agreement.ts'
import { ALONE, FAILS_CAP, LONE_LIKENESS, ONE_MODEL_CAP, UNEXECUTED_CAP } from '../consensus/confidence.ts'
import { SCORE_EPSILON } from '../consensus/tie-order.ts'
import { COMPARED_BESIDES, RELIABILITY_RULE } from '../consensus/writer-reliability.ts'

/** How a call becomes a comparison, and which assertions count: both go into the scores. */
const EVIDENCE =
  'a call of evidence.probes isCompared where at least one program and at least half of those that load give a value for it (answers: equal numbers are equal values, ' +
  'null is none and equals nothing); evidence.agreement[i][j] = share of the compared calls for which i and j give the same value, 0 where none is compared; ' +
  'floats are equal within 1e-6 of an example, and to 9 digits between programs. ' +
  'An assertion isBelieved unless its writer is not believed or it is contradicted. Judges of that are the programs that load and pass every example (all that load where the task gives none), ' +
  'each counted once. An answer is known to an assertion where the task gives an example, the call (plan.assertions[].call) is that of none, at least 2 judges give a value and all that do ' +
  'give the same (evidence.probes[k] is the call plan.probes[k]); it is wrong where no judge passes the assertion. ' +
  `A writer is believed where (known - wrong + 1) / (known + 1) >= ${RELIABILITY_RULE.leastRight}. ` +
  `An assertion is contradicted where at least ${RELIABILITY_RULE.contradicting} judges that fail it give one and the same value, ` +
  `or at least ${RELIABILITY_RULE.alike} that agree on every compared call besides, where there are at least ${COMPARED_BESIDES} of these, and they are more than the judges that pass it; never one of a writer whose name ends in /arbitrate. `

const SCORE =
  `score = ln(agreement + 1e-9) + ${ASSERTION_EXPONENT} ln(tests + 1e-3) + ${MEDOID_WEIGHT} ln(medoid + 1e-6) + ${LIKENESS_WEIGHT} likeness - penalty, ` +
  'for programs that load, where a call was executed; sums are over those programs, and "to a maximum of 1" divides by the largest. ' +
  `G = evidence.agreement + ${STRUCTURE_VOTE} evidence.similarity; agreement[i] = sum_j G[i][j] counts[j] tests[j] v[j], to a maximum of 1, all 0 where the largest is 0; ` +
  `v[j] = ${EXAMPLE_FLOOR} + share of the examples that j passes, or 1 where the task gives none; ` +
  'tests[i] = sum of weight x reliability of the assertions i passes, to a maximum of 1, all 1 where the largest is 0; ' +
  'reliability of an assertion = sum of trust of the programs that pass it; ' +
  'trust[i] = counts[i] sum_j G[i][j] counts[j] p[j], divided by the sum of that over all i, all 0 where it is 0; ' +
  'p[j] = number of believed assertions j passes, to a maximum of 1, all 1 where the largest is 0; ' +
  'weight of an assertion = 0 where it is not believed, else (mean reliability of the believed assertions of its writer / the best such mean)^2, 1 where the best is 0; ' +
  'medoid[i] = sum_j counts[j] evidence.similarity[i][j] / sum_j counts[j]; ' +
  `penalty[i] = ${CONSTANT_PENALTY} where at least 3 calls are compared, i gives one and the same value for all of them, and fewer than half of the programs do so, else 0. `

const UNEXECUTED_SCORE =
  'For programs that do not load, and for all where no call was executed, medoid is summed over the j that parse (0 where none does); it is the score where no call was executed, else they have none. '

/** How `decision` follows from its own numbers and those of `plan`; `i` and `j` are programs in the order of `evidence.candidates`. */
export const FORMULA = {
  order:
    'winner: the first of ranking, if it loads (isLive), parses or passes tests (its row of suite isGreen). Where a call was executed (method execution-agreement): the programs that load, by examplesPassed, then tests, then score, then ties; ' +
    'after them, and where no call was executed: all others, those first that load or pass tests, then those whose problem is null, then those that parse, then by tests, then medoid, then strength, then ties. ' +
    'More comes first. score and medoid are compared in whole steps: round(value / ' +
    `${SCORE_EPSILON}). tests: those of suite, isGreen first, then more passed, then grade (verified, forgeable, unverified); a program without a row is not green, has passed 0 and is unverified. ` +
    `ties: more modelCount, then more medoid (less than ${SCORE_EPSILON} apart is equal), then fewer nodes, then lowest codeHash, then lowest id, by code units; tiesBrokenBy has those looked at. ` +
    'modelCount: distinct candidates[].models of the programs that agree with it on every compared call, itself included; of itself alone where no call of it was executed',
  score: SCORE + EVIDENCE + UNEXECUTED_SCORE,
  confidence:
    'execution-agreement: uncapped = 1 / (1 + exp(-(4.37 d - 1.3 [no example] + 1.1 t + 1.87 s + 0.62 min(v, 5) / 5 - 5.01))), of the winner w: d, t: shares of examples and of believed assertions passed ' +
    '(1 and 0.5 where there are none), s = sum_j counts[j] evidence.agreement[w][j] / sum of all counts, v = votes (both terms are 0 where the sum of all counts is 1); value = uncapped, ' +
    `at most ${ONE_MODEL_CAP} where modelCount is 1 or votes are fewer than 2. test-suite and structure-medoid: ${UNEXECUTED_CAP} medoid, or ${UNEXECUTED_CAP * LONE_LIKENESS} where no other program parses; ${ALONE} instead where the winner's row of suite isGreen and verified. ` +
    `All: at most ${FAILS_CAP} where that row is not green and not unverified; 0 without a winner`,
  stop:
    'settled: there is a winner, its row of suite isGreen (or is unverified, or no row is anything else), every example passes, at least one call is compared, votes are at least 2 and at least half of the sum of all counts; ' +
    'where no call was executed: its row of suite isGreen. abstain is null unless there is no winner; or a program was tried, none loads, and the winner does not pass tests; ' +
    'or a call was executed, the task gives examples, and the winner passes none',
} as const
