import type { Call, TypedValue } from '../domain/value.ts'
import { evaluateConstant } from './constant-expression.ts'
import type { Expression } from './expression.ts'
import type { EntryPoint } from './signature.ts'

/**
 * Returns the call of the entry point that `expression` is, or null. Every argument must be a constant; named arguments
 * are put in their places when the task declares the parameters and no place stays empty.
 */
export function entryPointCall(expression: Expression, entry: EntryPoint): Call | null {
  if (!callsEntryPoint(expression, entry)) return null
  const args = expression.args.map((arg) => evaluateConstant(arg, entry.language))
  if (!args.every((arg) => arg !== null)) return null
  if (expression.named.length === 0) return { fn: entry.name, args }
  const named = new Map<string, TypedValue>()
  for (const [name, arg] of expression.named) {
    const value = evaluateConstant(arg, entry.language)
    if (value === null) return null
    named.set(name, value)
  }
  const rest = (entry.parameters ?? []).slice(args.length, args.length + named.size).map((name) => named.get(name))
  if (rest.length !== named.size || !rest.every((value) => value !== undefined)) return null
  return { fn: entry.name, args: [...args, ...rest] }
}

/** Returns whether `expression` calls the entry point by its plain name. */
export function callsEntryPoint(
  expression: Expression,
  entry: EntryPoint,
): expression is Extract<Expression, { kind: 'call' }> & { readonly callee: { readonly kind: 'name' } } {
  return expression.kind === 'call' && expression.callee.kind === 'name' && expression.callee.name === entry.name
}
