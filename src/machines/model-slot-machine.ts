import { setup } from 'xstate'

/** A cancelled model may go on reading its prompt; past this it is taken to be free. */
const DRAIN_DEADLINE_MS = 180_000

type SlotEvent =
  | { readonly type: 'taken' }
  /** The answer ended, whichever way, and the server is known to have stopped. */
  | { readonly type: 'released' }
  /** We hung up; the server may not have noticed yet. */
  | { readonly type: 'abandoned' }
  | { readonly type: 'drained' }

/**
 * One place at a model. idle ▸ busy ▸ idle, or ▸ draining while a server that was hung up on still works for nobody:
 * some finish reading the prompt first, for minutes, and a request sent meanwhile would wait behind it.
 */
export const modelSlotMachine = setup({
  types: {} as { events: SlotEvent },
  delays: { drainDeadline: DRAIN_DEADLINE_MS },
}).createMachine({
  id: 'slot',
  options: { maxIterations: 100 },
  initial: 'idle',
  states: {
    idle: { on: { taken: 'busy' } },
    busy: { on: { released: 'idle', abandoned: 'draining' } },
    draining: { after: { drainDeadline: 'idle' }, on: { drained: 'idle' } },
  },
})
