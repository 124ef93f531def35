import Measurement

/// What a worker counts of one label while it runs; becomes a ``LabelResult`` at the end and a ``LabelSecond`` each second.
struct LabelMeter {
    /// The response time that counts as good, nanoseconds; 0 where no objective covers the label.
    let goodLimit: UInt64
    var result = LabelResult()
    var response = LatencyRecorder()
    var service = LatencyRecorder()
    var lag = LatencyRecorder()
    var scheduleWait = LatencyRecorder()
    var connectionWait = LatencyRecorder()
    var firstByteWait = LatencyRecorder()
    var transfer = LatencyRecorder()
    let aspects = AspectMeter()
    /// The second under way.
    var scheduled = 0
    var failed = 0
    var bytes = 0
    var ofSecond = LatencyRecorder(.interval)

    init(goodLimit: UInt64) { self.goodLimit = goodLimit }

    /// The second that is over; begins the next.
    mutating func takeSecond() -> LabelSecond {
        var second = LabelSecond()
        second.scheduled = scheduled
        second.failed = failed
        second.bytes = bytes
        if ofSecond.count > 0 { second.response = ofSecond.take() }
        scheduled = 0
        failed = 0
        bytes = 0
        return second
    }

    /// All of it; the meter must not be used any more.
    mutating func close() -> LabelResult {
        result.response = response.take()
        result.service = service.take()
        result.lag = lag.take()
        result.scheduleWait = scheduleWait.take()
        result.connectionWait = connectionWait.take()
        result.firstByteWait = firstByteWait.take()
        result.transfer = transfer.take()
        result.aspects = aspects.close()
        for recorder in [response, service, lag, scheduleWait, connectionWait, firstByteWait, transfer, ofSecond] {
            recorder.deallocate()
        }
        return result
    }
}
