/*
 * The answers of spec/upstream-chat.md §7.5, byte for byte: a period of seven days from 2026-08-03T00:00 UTC, frames and all.
 */

const TRAILER = '800000000f677270632d7374617475733a300d0a'
const PAID_PERIOD = '220b0880b4bfd3061080e59a772a0b0880a9e4d3061080e59a77'

/** When the period of {@link weeklyCredits} begins and ends (epoch ms); of a paid account a quarter of a second later. */
export const CREDITS_START = Date.UTC(2026, 7, 3)
export const CREDITS_END = Date.UTC(2026, 7, 10)

/** What the three kinds of account are answered. */
export const weeklyCredits = {
  /** 37.5 % used, 30 % by chats and 7.5 % by pictures. */
  used: Buffer.from(
    `00000000330a310d00001642${PAID_PERIOD}3a070804150000f0413a070805150000f040${TRAILER}`,
    'hex',
  ),
  unused: Buffer.from(`000000001c0a1a${PAID_PERIOD}${TRAILER}`, 'hex'),
  free: Buffer.from(`00000000120a1022060880b4bfd3062a060880a9e4d306${TRAILER}`, 'hex'),
}
