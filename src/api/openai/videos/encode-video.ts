import type { Video } from '../../../gateway/videos.ts'

/** A video as the official API describes it, with the fields of the original gateway. */
export function encodeVideo({ id, status, percent, input, error, createdAt, completedAt, expiresAt }: Video) {
  return {
    id,
    object: 'video',
    created_at: toSeconds(createdAt),
    status,
    model: input.model,
    progress: percent,
    prompt: input.prompt,
    seconds: input.askedSeconds,
    size: input.size,
    quality: 'standard',
    completed_at: completedAt === null ? null : toSeconds(completedAt),
    expires_at: expiresAt === null ? null : toSeconds(expiresAt),
    error: error && { code: error.code, message: error.message },
    remixed_from_video_id: input.extends?.videoId ?? null,
  } as const
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
