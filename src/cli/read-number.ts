import { CodeConductorError } from '../domain/errors.ts'

/** Returns the number `text` writes. Throws `USAGE`, naming the flag, for anything else. */
export function readNumber(flag: string, text: unknown): number {
  const isNumber = typeof text === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text.trim())
  if (!isNumber)
    throw new CodeConductorError('USAGE', `${flag} must be a number, not "${String(text).slice(0, 40)}"`, {
      hint: 'codeconductor run --help',
    })
  return Number(text)
}
