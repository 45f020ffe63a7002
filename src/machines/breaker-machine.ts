import { assign, setup } from 'xstate'

/** Failures without a success between them, within the window, that open the breaker. */
const OPENS_AFTER = 3
const WINDOW_MS = 300_000
const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 120_000

interface BreakerContext {
  /** Monotonic ms of failures since the last success. */
  readonly failuresMs: readonly number[]
  /** Times it opened since the last success; each doubles the pause. */
  readonly opened: number
}

type BreakerEvent =
  | { readonly type: 'succeeded' }
  | { readonly type: 'failed'; readonly atMs: number }
  /** The one attempt a half-open breaker lets through has begun. */
  | { readonly type: 'probing' }

/** Returns how long the breaker stays open the `opened`-th time, in ms: 15 s, doubling to 120 s. */
export function pauseMs(opened: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, opened - 1))
}

/**
 * Keeps a model that fails from being asked again and again. closed ▸ open after three failures in five minutes ▸
 * halfOpen after a pause ▸ one attempt decides: closed, or open for twice as long. An open breaker never makes an
 * answer wrong: the turn fails with `breaker-open` and its agent goes to its next model or abstains.
 */
export const breakerMachine = setup({
  types: {} as { context: BreakerContext; events: BreakerEvent },
  delays: { pause: ({ context }) => pauseMs(context.opened) },
  guards: {
    isLastStraw: ({ context, event }) => event.type === 'failed' && recent(context, event.atMs).length >= OPENS_AFTER,
  },
  actions: {
    note: assign(({ context, event }) => (event.type === 'failed' ? { failuresMs: recent(context, event.atMs) } : {})),
    open: assign(({ context }) => ({ opened: context.opened + 1 })),
    forget: assign({ failuresMs: [], opened: 0 }),
  },
}).createMachine({
  id: 'breaker',
  options: { maxIterations: 100 },
  context: { failuresMs: [], opened: 0 },
  initial: 'closed',
  states: {
    closed: {
      on: {
        succeeded: { actions: 'forget' },
        failed: [{ guard: 'isLastStraw', target: 'open', actions: ['note', 'open'] }, { actions: 'note' }],
      },
    },
    open: { after: { pause: 'halfOpen' }, on: { succeeded: { target: 'closed', actions: 'forget' } } },
    halfOpen: {
      on: { probing: 'probing', succeeded: { target: 'closed', actions: 'forget' }, failed: { target: 'open', actions: 'open' } },
    },
    probing: { on: { succeeded: { target: 'closed', actions: 'forget' }, failed: { target: 'open', actions: 'open' } } },
  },
})

function recent(context: BreakerContext, atMs: number): number[] {
  return [...context.failuresMs.filter((at) => atMs - at < WINDOW_MS), atMs]
}
