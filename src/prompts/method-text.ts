import type { Method } from '../domain/persona.ts'

/**
 * How each method is asked for: the text a persona without `instructions` of its own is sent before every turn.
 * Written for models of 1 to 8 B parameters, where wording decides more than the idea does: code comes before any
 * statement about it, because such a model first gets a stated result wrong and then writes code to match it (asking for
 * breaking inputs first took a 1.5 B model from 65 % to 38 % of tasks). Change one only after trying it on such a model.
 */
export const METHOD_TEXT: Readonly<Record<Method, string>> = {
  direct: 'Write the code at once. Do what the task says, nothing more.',
  plan: 'Start the code block with your plan as comments: at most five short lines. Then write the code.',
  edges: 'Write a whole program that also works for empty input and for every other special case the task names.',
  analogy: 'Write the code at once, in the way such a task is usually solved. Do what the task says, nothing more.',
  brute: 'Write the simplest program that is obviously correct, even if it is slow.',
  decompose: 'Write the code at once. Do what the task says, nothing more. A step that is needed twice becomes a small function.',
  contract: 'Keep the name, the parameters and the return value exactly as the task gives them. Write the code at once.',
  measure: 'Write code that stays fast on large inputs. The last line is a comment that states its time cost.',
}
