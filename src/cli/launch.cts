/** Goes over to modules, which `entry.cts` may not even name. */
void import("./bin.ts");
