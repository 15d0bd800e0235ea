/** Loading a module when it is needed first, again where it could not be reached. */

const WAITS_MILLISECONDS = [0, 500, 2000, 8000];

/**
 * @template T
 * @param {(attempt: string) => Promise<T>} load  `attempt` goes behind the address: browsers remember a failure
 *   by it
 * @returns {() => Promise<T|null>}  null where it can not be had; the next call tries again
 */
export function lazily(load) {
  /** @type {Promise<T|null>|undefined} */
  let loading;
  return () => {
    loading ??= tries(load).then((loaded) => {
      if (loaded === null) loading = undefined;
      return loaded;
    });
    return loading;
  };
}

async function tries(load) {
  for (const [index, wait] of WAITS_MILLISECONDS.entries()) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      return await load(index ? `?again=${index}` : "");
    } catch {
      // not reached: again
    }
  }
  return null;
}
