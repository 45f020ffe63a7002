import type { TypedValue } from '../domain/value.ts'
import { floatNumber } from './number-text.ts'

/** How far apart numbers may be: by `absolute`, or by `relative` times the larger magnitude, whichever is more. Each at least 0. */
export interface Tolerance {
  readonly absolute: number
  readonly relative: number
  /** Two integers must be equal all the same; absent = they may differ as other numbers do. */
  readonly areIntegersExact?: true
}

/** What a keyword argument of a comparison says; null where it is not given or no constant. */
export type Asked = (name: string) => number | null

/** Returns a tolerance for figures people round when they write them: integers they write as they are. */
export function withinPart(part: number): Tolerance {
  return { absolute: part, relative: part, areIntegersExact: true }
}

/** Returns a tolerance that is as wide for large numbers as for small ones. */
export function exactly(absolute: number): Tolerance {
  return { absolute, relative: 0 }
}

/**
 * Returns what rounding to `digits` behind the point lets through to `value`: half of the last digit, a few units in the last place
 * of a double more, for a half is seldom held exactly.
 */
export function roundedTo(digits: number, value: TypedValue): Tolerance {
  const size = value.t === 'int' ? Math.abs(Number(value.v)) : value.t === 'float' ? Math.abs(floatNumber(value.v)) : 0
  return exactly(0.5 * 10 ** -digits + (Number.isFinite(size) ? 4 * Number.EPSILON * size : 0))
}

/** As `pytest.approx` has it: 1e-6 of the value or 1e-12, and where only `abs` is given nothing but that. */
export function approxTolerance(asked: Asked): Tolerance {
  const [absolute, relative] = [asked('abs'), asked('rel')]
  if (absolute !== null && relative === null) return exactly(absolute)
  return { absolute: absolute ?? 1e-12, relative: relative ?? 1e-6 }
}

/** As `math.isclose` has it, which is strict when nothing is said; NumPy's is `isNumpy`, with names and figures of its own. */
export function isCloseTolerance(asked: Asked, isNumpy: boolean): Tolerance {
  return isNumpy
    ? { absolute: asked('atol') ?? 1e-8, relative: asked('rtol') ?? 1e-5 }
    : { absolute: asked('abs_tol') ?? 0, relative: asked('rel_tol') ?? 1e-9 }
}
