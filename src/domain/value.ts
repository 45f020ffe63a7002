/**
 * A value that crossed the sandbox boundary, tagged with its exact type, so that comparison happens on the host.
 * Integers and floats travel as decimal strings (`"inf"`, `"-inf"`, `"nan"` included). `dict` is Python's dict and JavaScript's
 * plain object, `map` is JavaScript's Map, which no object equals. An object with behaviour of its own degrades to `other`,
 * which equals nothing. `digest` stands in a record for a value too large to keep: see `DigestValue`.
 */
export type TypedValue =
  | { readonly t: 'none' }
  | { readonly t: 'undefined' }
  | { readonly t: 'bool'; readonly v: boolean }
  | { readonly t: 'int'; readonly v: string }
  | { readonly t: 'float'; readonly v: string }
  | { readonly t: 'str'; readonly v: string }
  | { readonly t: 'bytes'; readonly v: string }
  | { readonly t: 'list' | 'tuple' | 'set'; readonly v: readonly TypedValue[] }
  | { readonly t: 'dict' | 'map'; readonly v: readonly (readonly [TypedValue, TypedValue])[] }
  | { readonly t: 'other'; readonly v: string }
  | DigestValue

/**
 * What is kept of a large value: its fingerprint, which tells it from every other and is null where it equals nothing, its kind, and the
 * bytes it took. Made on the host; nothing that crosses the boundary is one.
 */
export interface DigestValue {
  readonly t: 'digest'
  readonly v: string | null
  readonly of: 'int' | 'str' | 'bytes' | 'list' | 'tuple' | 'set' | 'dict' | 'map'
  readonly sizeBytes: number
}

/** One call of a candidate's function. `args` are positional. */
export interface Call {
  readonly fn: string
  readonly args: readonly TypedValue[]
}

/** How one call of a candidate ended. Anything but `value` agrees with nothing. */
export type CallOutcome =
  | { readonly kind: 'value'; readonly value: TypedValue }
  | { readonly kind: 'raised'; readonly error: string; readonly message: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'not-run'; readonly reason: string }
