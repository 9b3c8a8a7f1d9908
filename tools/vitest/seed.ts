import fc from 'fast-check';

/**
 * Properties look at new examples on each run, where a person reads what they find. In CI they look at the same ones each
 * time: a change is to be judged by what it changed. MESHPROOF_PROPERTY_SEED names another seed, `random` none.
 */
const wanted = process.env.MESHPROOF_PROPERTY_SEED ?? (process.env.CI ? '20260101' : 'random');
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
