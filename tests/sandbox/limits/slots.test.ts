import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSlots } from '../../../src/sandbox/limits/slots.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('places are given in order, and one who wants all waits until all are free', async () => {
  const slots = createSlots(2)
  const order: string[] = []
  const take = (name: string, alone = false): Promise<(() => void) | null> =>
    slots.take({ alone }).then((leave) => {
      order.push(name)
      return leave
    })
  const [a, b, all, c] = [take('a'), take('b'), take('all', true), take('c')]
  await settle()
  expect(order).toEqual(['a', 'b'])
  const leaveA = await a
  leaveA?.()
  leaveA?.() // giving back twice frees one place, not two
  await settle()
  expect(order).toEqual(['a', 'b'])
  ;(await b)?.()
  await settle()
  expect(order).toEqual(['a', 'b', 'all'])
  ;(await all)?.()
  ;(await c)?.()
  expect(order).toEqual(['a', 'b', 'all', 'c'])
})

test('who gives up while waiting holds nothing, and lets those behind through', async () => {
  const slots = createSlots(1)
  const first = await slots.take()
  const giving = new AbortController()
  const second = slots.take({ alone: true, signal: giving.signal })
  const third = slots.take()
  giving.abort()
  expect(await second).toBeNull()
  expect(await slots.take({ signal: AbortSignal.abort() })).toBeNull()
  first?.()
  expect(await third).not.toBeNull()
})

test('never more than there are places run at a time, and everyone gets a turn', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 20 }), async (size, wishes) => {
      const slots = createSlots(size)
      let used = 0
      let done = 0
      await Promise.all(
        wishes.map(async (alone) => {
          const leave = await slots.take({ alone })
          used += alone ? size : 1
          expect(used).toBeLessThanOrEqual(size)
          await settle()
          used -= alone ? size : 1
          done++
          leave?.()
        }),
      )
      expect(done).toBe(wishes.length)
    }),
    { numRuns: 50 },
  )
})
