import CLinux
import Glibc

/// Nanoseconds of CLOCK_MONOTONIC: the one clock of everything measured. Only differences mean anything.
public typealias Nanoseconds = UInt64

/// Reads the clocks of the kernel.
public enum Clock {
    /// CLOCK_MONOTONIC now; about 25 ns a call, so read it once per wake.
    public static func now() -> Nanoseconds { clinux_monotonic() }

    /// CPU time the calling thread has used, in nanoseconds.
    public static func threadCPU() -> Nanoseconds { clinux_thread_cpu() }

    /// Wall-clock seconds since 1970, for names and headings only; never for anything measured.
    public static func wallSeconds() -> Int { Int(time(nil)) }

    /// Wall-clock milliseconds since 1970: where a record says at what time of day something began, nothing else.
    public static func wallMilliseconds() -> Int {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Int(moment.tv_sec) * 1_000 + Int(moment.tv_nsec) / 1_000_000
    }

    /// Blocks the calling thread. For orchestration code that waits for a server; never in a measured thread.
    public static func pause(_ duration: Nanoseconds) {
        var request = timespec(tv_sec: Int(duration / 1_000_000_000), tv_nsec: Int(duration % 1_000_000_000))
        var rest = timespec()
        while nanosleep(&request, &rest) != 0 && errno == EINTR { request = rest }
    }
}

/// A calendar reading of UTC seconds, by the civil-from-days algorithm (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms"), because names of runs need no calendar library.
public struct UTCTime: Sendable {
    /// The fields of the Gregorian calendar; months and days count from 1.
    public let year, month, day, hour, minute, second: Int

    /// - Parameter seconds: seconds since 1970-01-01T00:00:00Z.
    public init(seconds: Int) {
        let days = seconds.quotient(flooredBy: 86_400)
        let rest = seconds - days * 86_400
        let shifted = days + 719_468
        let era = shifted.quotient(flooredBy: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3_600
        minute = rest % 3_600 / 60
        second = rest % 60
    }

    /// ISO 8601 to the second, such as `2026-01-05T18:00:00Z`.
    public var iso8601: String {
        "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2))Z"
    }

    /// For file names, such as `20260105-180000`.
    public var compact: String {
        "\(pad(year, 4))\(pad(month, 2))\(pad(day, 2))-\(pad(hour, 2))\(pad(minute, 2))\(pad(second, 2))"
    }

    private func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int {
    fileprivate func quotient(flooredBy divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
