import type { Method } from '../domain/persona.ts'

/**
 * How each method is asked for: the text a persona without `instructions` of its own is sent before every turn.
 * Written for models of 1 to 8 B parameters, where wording decides more than the idea does: code comes before any
 * statement about it, because such a model first gets a stated result wrong and then writes code to match it (asking for
 * breaking inputs first took a 1.5 B model from 65 % to 38 % of tasks). Change one only after trying it on such a model.
 */
export const METHOD_TEXT: Readonly<Record<Method, string>> = {
  direct: 'Write the code at once. Do what the task says, nothing more.',
  plan: 'Begin the code block with a plan: at most five short comment lines. Then write the code that follows it.',
  edges: 'Write the whole program first. After the code, name one edge case it handles, in at most ten words.',
  analogy:
    'Use the standard solution of the well-known problem this task is like. After the code, name that problem in at most ten words.',
  brute: 'Write the simplest program that is obviously correct, even if it is slow.',
  decompose: 'Split the work into two or three small functions with clear names. Write all of them in one code block.',
  contract: 'Keep the name, the parameters and the return value exactly as the task gives them. Write the code at once.',
  measure: 'Write code that stays fast on large inputs. After the code, state its time cost in at most ten words.',
}
