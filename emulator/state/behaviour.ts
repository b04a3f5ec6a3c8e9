import { z } from 'zod'

/** How the frames of an answer become bytes; each departure from the default is one malice of spec/upstream-chat.md §12. */
export const framingSchema = z.strictObject({
  /** Each line is prefixed with `data: `. */
  dataPrefix: z.boolean(),
  /** A line `[DONE]` (with `data: `) ends the stream. */
  done: z.boolean(),
  /** False: no newline between the objects. */
  newline: z.boolean(),
  /** `folded`: the last answer token itself carries `isSoftStop: true`. */
  softStop: z.enum(['own-frame', 'folded']),
  /** `missing`: the body ends without soft stop, finalMetadata, modelResponse and title. */
  end: z.enum(['full', 'missing']),
  /** `absent`: answer tokens carry no messageTag. */
  messageTag: z.enum(['final', 'absent']),
  /** Cuts the bytes at seeded positions, also inside UTF-8 characters. */
  cutBytes: z
    .strictObject({ seed: z.int(), minBytes: z.int().min(1), maxBytes: z.int().min(1) })
    .refine((cut) => cut.minBytes <= cut.maxBytes, 'minBytes must not exceed maxBytes')
    .nullable(),
})

/** See {@link framingSchema}. */
export type Framing = z.infer<typeof framingSchema>

/** The switches that hold for every request until they are changed or reset. */
export const behaviourSchema = z.strictObject({
  /** Pause between two writes of a stream; 0 is as fast as possible. */
  paceMilliseconds: z.number().min(0),
  /** Frames that go out in one write. */
  framesPerWrite: z.int().min(1),
  framing: framingSchema,
  /** Requests without a `cf_clearance` cookie get the challenge page of spec/upstream-chat.md §8.1. */
  challenge: z.boolean(),
  /** The values of `cf_clearance` that pass, each only with its User-Agent; null: any passes. */
  clearances: z.record(z.string(), z.string()).nullable(),
  /** Checks `x-statsig-id` and `x-xai-request-id`, spec/upstream-chat.md §2.5 and §12. */
  strictHeaders: z.boolean(),
  /** Checks Origin and Referer, spec/upstream-chat.md §2.6. */
  strictOrigin: z.boolean(),
  /** The chat gateway demands the cookie `x-userid`, spec/upstream-chat.md §15 D15. */
  strictUserId: z.boolean(),
  /** How chat answers when the window is empty: in the stream with code 8, or as HTTP 429. */
  rateLimitStyle: z.enum(['in-band', 'http']),
  /** Which of the three shapes of spec/upstream-chat.md §1.5 the session route answers with. */
  sessionShape: z.enum(['session', 'user', 'flat']),
  /** A chat turn that names a file which its account did not upload is refused with 404. */
  strictFiles: z.boolean(),
  /** How long a clip takes, from the request to its last frame; it goes on when its client leaves. */
  videoSeconds: z.number().min(0),
  /** How long an edit or a round of the Imagine socket takes. */
  imageSeconds: z.number().min(0),
  /** The least tier that may make pictures on the socket, edits and clips, spec/upstream-media.md §3. */
  mediaTier: z.enum(['basic', 'super']),
  /** Where the addresses of the Imagine socket lead, spec/upstream-media.md §4.8. */
  imagineUrl: z.enum(['public', 'asset', 'relative']),
  /** What public addresses begin with; null means this emulator's own `<url>/public`. */
  publicUrl: z.url().nullable(),
  /** What absolute addresses of the asset host begin with; null means this emulator's own `<url>/assets`. */
  assetsUrl: z.url().nullable(),
  /** Makes the ids of answers repeatable; null means random. */
  idSeed: z.int().nullable(),
})

/** See {@link behaviourSchema}. */
export type Behaviour = z.infer<typeof behaviourSchema>

/** A change to some switches; those that are not named stay. */
export const behaviourPatchSchema = behaviourSchema
  .partial()
  .extend({ framing: framingSchema.partial().optional() })

/** See {@link behaviourPatchSchema}. */
export type BehaviourPatch = z.infer<typeof behaviourPatchSchema>

/** The behaviour after a start and after a reset. */
export const DEFAULT_BEHAVIOUR: Behaviour = {
  paceMilliseconds: 15,
  framesPerWrite: 1,
  framing: {
    dataPrefix: false,
    done: false,
    newline: true,
    softStop: 'own-frame',
    end: 'full',
    messageTag: 'final',
    cutBytes: null,
  },
  challenge: false,
  clearances: null,
  strictHeaders: false,
  strictOrigin: false,
  strictUserId: false,
  rateLimitStyle: 'in-band',
  sessionShape: 'session',
  strictFiles: true,
  videoSeconds: 0.5,
  imageSeconds: 0.1,
  mediaTier: 'super',
  imagineUrl: 'public',
  publicUrl: null,
  assetsUrl: null,
  idSeed: null,
}

/** The behaviour with a change applied. */
export function withPatch(behaviour: Behaviour, patch: BehaviourPatch): Behaviour {
  const framing = withFraming(behaviour.framing, patch.framing ?? {})
  return { ...behaviour, ...definedOnly(patch), framing }
}

/** The framing with a change applied. */
export function withFraming(framing: Framing, patch: Partial<Framing> | FramingPatch): Framing {
  return { ...framing, ...definedOnly(patch) }
}

/** A change to some parts of the framing. */
export type FramingPatch = NonNullable<BehaviourPatch['framing']>

// zod gives optional keys the type `| undefined`; a present undefined must not erase a switch.
type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> }

function definedOnly<Value extends object>(value: Value): Defined<Value>
function definedOnly(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined))
}
