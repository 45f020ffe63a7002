import { CORE_SCHEMA, constructFromEvents, EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml'

/** Limits on one document. Nothing a person writes comes near them; a document that expands like a bomb does at once. */
const MAX_DEPTH = 32
const MAX_ALIASES = 256
/** Nodes once every alias is replaced by what it stands for. */
const MAX_EXPANDED_NODES = 20_000

/** What is wrong with a YAML text, without quoting it: a configuration file may hold what must not be shown. */
export class YamlProblem extends Error {
  /** From 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.name = 'YamlProblem'
    this.line = line
  }
}

export interface YamlDocument {
  /** Plain data; null for an empty document. Parts reached through aliases are shared. */
  readonly value: unknown
  /** Returns the line, from 1, of the key or item at `path`, or of the nearest thing above it that exists. */
  lineOf(path: readonly PropertyKey[]): number
}

interface Anchored {
  readonly anchorStart: number
  readonly anchorEnd: number
}

interface Position {
  /** Offset in the source of the key (in a mapping) or of the item. */
  readonly offset: number
  readonly children: ReadonlyMap<string, Position>
  /** This node and all below it, aliases counted as what they stand for. */
  readonly expandedNodes: number
}

/**
 * Returns the single YAML 1.2 document in `source` with the line of everything in it. Only the core types exist: any other
 * tag is refused, so that no text can make an object. Throws `YamlProblem` only: bad syntax, duplicate keys, nesting beyond
 * 32, aliases that form a circle or expand to more than 20,000 nodes.
 */
export function parseYaml(source: string): YamlDocument {
  const lines = new LineIndex(source)
  try {
    const events = parseEvents(source, { maxDepth: MAX_DEPTH })
    const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT).length
    if (documents > 1) throw new YamlProblem(1, 'holds more than one YAML document')
    if (documents === 0) return { value: null, lineOf: () => 1 }
    const root = new PositionReader(source, events, lines).read()
    const value = constructFromEvents(events, { source, schema: CORE_SCHEMA, maxAliases: MAX_ALIASES })[0] ?? null
    return { value, lineOf: (path) => lines.lineAt(nearest(root, path).offset) }
  } catch (error) {
    if (error instanceof YamlProblem) throw error
    if (error instanceof YAMLException) throw new YamlProblem((error.mark?.line ?? 0) + 1, error.reason)
    throw new YamlProblem(1, 'could not be read as YAML')
  }
}

function nearest(root: Position, path: readonly PropertyKey[]): Position {
  let position = root
  for (const step of path) {
    const child = position.children.get(String(step))
    if (child === undefined) break
    position = child
  }
  return position
}

class LineIndex {
  private readonly starts: number[] = [0]

  constructor(source: string) {
    for (let i = source.indexOf('\n'); i !== -1; i = source.indexOf('\n', i + 1)) this.starts.push(i + 1)
  }

  lineAt(offset: number): number {
    let low = 0
    let high = this.starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

/** Walks the parser's events once, in step with the nesting they describe. */
class PositionReader {
  private index = 0
  private readonly anchors = new Map<string, Position>()
  private readonly source: string
  private readonly events: readonly Event[]
  private readonly lines: LineIndex

  constructor(source: string, events: readonly Event[], lines: LineIndex) {
    this.source = source
    this.events = events
    this.lines = lines
  }

  read(): Position {
    this.index = 1
    return this.node()
  }

  private node(): Position {
    const event = this.events[this.index++]
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.anchored(event, { offset: event.valueStart, children: NO_CHILDREN, expandedNodes: 1 })
      case EVENT_ID.ALIAS:
        return this.alias(event.anchorStart, event.anchorEnd)
      case EVENT_ID.SEQUENCE:
        this.forget(event)
        return this.anchored(event, this.sequence(event.start))
      case EVENT_ID.MAPPING:
        this.forget(event)
        return this.anchored(event, this.mapping(event.start))
      default:
        return { offset: 0, children: NO_CHILDREN, expandedNodes: 1 }
    }
  }

  private sequence(offset: number): Position {
    const children = new Map<string, Position>()
    let expandedNodes = 1
    while (!this.atEnd()) {
      const item = this.node()
      children.set(String(children.size), item)
      expandedNodes = this.bounded(expandedNodes + item.expandedNodes, item.offset)
    }
    this.index++
    return { offset, children, expandedNodes }
  }

  private mapping(offset: number): Position {
    const children = new Map<string, Position>()
    let expandedNodes = 1
    while (!this.atEnd()) {
      const keyEvent = this.events[this.index]
      const key = this.node()
      const value = this.node()
      if (keyEvent?.type === EVENT_ID.SCALAR)
        children.set(getScalarValue(this.source, keyEvent), { ...value, offset: key.offset })
      expandedNodes = this.bounded(expandedNodes + key.expandedNodes + value.expandedNodes, key.offset)
    }
    this.index++
    return { offset, children, expandedNodes }
  }

  private alias(start: number, end: number): Position {
    const target = this.anchors.get(this.source.slice(start, end))
    if (target === undefined) throw new YamlProblem(this.lines.lineAt(start), 'an alias stands for nothing, or for itself')
    return { ...target, offset: start }
  }

  private anchored(event: Anchored, position: Position): Position {
    if (event.anchorStart >= 0) this.anchors.set(this.source.slice(event.anchorStart, event.anchorEnd), position)
    return position
  }

  /** A name is known only once its node has been read to the end, so that no node holds an alias to itself. */
  private forget(event: Anchored): void {
    if (event.anchorStart >= 0) this.anchors.delete(this.source.slice(event.anchorStart, event.anchorEnd))
  }

  private bounded(nodes: number, offset: number): number {
    if (nodes > MAX_EXPANDED_NODES) throw new YamlProblem(this.lines.lineAt(offset), 'its aliases expand to too much')
    return nodes
  }

  private atEnd(): boolean {
    const event = this.events[this.index]
    return event === undefined || event.type === EVENT_ID.POP
  }
}

const NO_CHILDREN: ReadonlyMap<string, Position> = new Map()
