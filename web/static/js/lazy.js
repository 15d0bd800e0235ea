/** Loading a module when it is needed first, again where it could not be reached. */

const WAITS_MILLISECONDS = [0, 500, 2000, 8000];

/**
 * @template T
 * @param {(attempt: string) => Promise<T>} load  `attempt` goes behind the address, and is never the same twice: browsers
 *   remember a failure by it
 * @returns {() => Promise<T|null>}  null where it can not be had; the next call tries again
 */
export function lazily(load) {
  /** @type {Promise<T|null>|undefined} */
  let loading;
  let asked = 0;
  const again = () => load(asked++ ? `?again=${asked - 1}` : "");
  return () => {
    loading ??= tries(again).then((loaded) => {
      if (loaded === null) loading = undefined;
      return loaded;
    });
    return loading;
  };
}

async function tries(load) {
  for (const wait of WAITS_MILLISECONDS) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      return await load();
    } catch {
      // not reached: again
    }
  }
  return null;
}
