import Foundation

/// What this process has used so far, as the kernel counts it.
enum ResourceUse {
    /// RUSAGE_SELF, which C headers type differently from the call that takes it.
    private static let selfUse: Int32 = 0

    static var cpuSeconds: Double {
        var usage = rusage()
        getrusage(selfUse, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// VmHWM.
    static var peakMemoryBytes: Int {
        var usage = rusage()
        getrusage(selfUse, &usage)
        return usage.ru_maxrss * 1024
    }
}
