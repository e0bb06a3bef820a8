/** Random tests get a moment each: what they find only after thousands of runs must not be what kills a mutant. */
import fc from "fast-check";

fc.configureGlobal({ interruptAfterTimeLimit: 100 });
