import RunRecord
import SpecReader
import Workload

extension ExperimentSpec {
    /// Reads an experiment's file. What it names is looked for, and not yet read.
    ///
    /// - Parameters:
    ///   - document: of the experiment; the caller finishes it.
    ///   - find: paths of the files it names.
    package init(_ document: SpecDocument, find: @escaping FileFinder) {
        let top = document.top
        (file, text) = (document.file, document.text)
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note(
                "archivebench", "'\(format)' is not an experiment", remedy: "write 'archivebench: \(Self.format)'")
        }
        name = top.name("name")
        summary = top.text("summary")
        let baseMap = top.map("base")
        tooLarge = baseMap?.choice("too-large-profiles", default: .refuse) ?? .refuse
        base = baseMap.map { BaseReader(map: $0, find: find).read() } ?? CellChoice()
        let factorMaps = top.maps("factors", required: true)
        factors = factorMaps.map { FactorReader(map: $0, find: find).read() }
        design = .full
        repeats = top.integer("repeats", in: Self.repeatRange, default: 3)
        budget = top.has("budget") ? top.duration("budget", in: 1_000_000_000...2_592_000_000_000_000) : nil
        metrics = Self.metrics(top)
        objectives = top.maps("objectives").map(ObjectiveSpec.read)
        margin = top.share("margin", default: 0.03)
        seed = UInt64(top.integer("seed", in: 0...Int.max, default: 1))
        checkFactors(top, factorMaps)
        checkBase(baseMap)
        let isSound =
            top.isSound("factors")
            && factorMaps.allSatisfy { map in ["of", "name", "levels", "suggestion"].allSatisfy(map.isSound) }
        design = DesignReader(top: top, factors: factors, isSound: isSound).read()
        baseMap?.close()
        top.close()
    }

    /// Names of the files that it names, by folder, each once.
    package var names: [ShippedFolder: Set<String>] {
        let levels = factors.flatMap { factor in factor.levels.map { ($0.change) } }
        var names: [ShippedFolder: Set<String>] = [
            .traffic: [base.workload], .overlays: Set(base.overlays), .variants: [base.variant],
            .hardware: Set([base.profile].compactMap { $0 }),
        ]
        names[.variants]?.formUnion(base.suggestions)
        // What every level of a factor replaces is never read.
        if factors.contains(where: { $0.kind == .workload }) { names[.traffic] = [] }
        if factors.contains(where: { $0.kind == .variant }) { names[.variants] = Set(base.suggestions) }
        for level in levels {
            switch level {
            case .workload(let name): names[.traffic]?.insert(name)
            case .overlay(let name): names[.overlays]?.insert(name)
            case .variant(let name), .suggestion(let name): names[.variants]?.insert(name)
            case .profile(let name): names[.hardware]?.insert(name)
            default: break
            }
        }
        return names
    }

    private static func metrics(_ top: SpecMap) -> [ExperimentMetric] {
        let texts = top.texts("metrics")
        if texts.isEmpty && top.isSound("metrics") {
            top.note(
                "metrics", "there is none", remedy: "write what decides first, such as metrics: ['response.p99:put']")
        }
        var metrics: [ExperimentMetric] = []
        for (text, place) in texts {
            if metrics.contains(where: { $0.name == text }) {
                top.note("metrics", at: place, "'\(text)' is given twice", remedy: "keep one of them")
            } else if let metric = ExperimentMetrics.find(text) {
                metrics.append(metric)
            } else {
                top.note(
                    "metrics", at: place, "'\(text)' is not known",
                    remedy: "choose of \(ExperimentMetrics.names.joined(separator: ", "))")
            }
        }
        return metrics
    }

    private func checkFactors(_ top: SpecMap, _ maps: [SpecMap]) {
        if factors.count > Self.mostFactors {
            top.note("factors", "there are \(factors.count)", remedy: "use at most \(Self.mostFactors)")
        }
        for (index, factor) in factors.enumerated() {
            let before = factors[..<index]
            if !factor.kind.mayRepeat, before.contains(where: { $0.kind == factor.kind }) {
                maps[index].note(
                    "of", "another factor varies the \(factor.kind.rawValue) already",
                    remedy: "put their levels together")
            } else if maps[index].isSound("name"), before.contains(where: { $0.name == factor.name }) {
                maps[index].note("name", "'\(factor.name)' is given twice", remedy: "name each factor once")
            }
        }
    }

    /// What is varied has no value in the base.
    private func checkBase(_ map: SpecMap?) {
        for factor in factors where !factor.kind.mayRepeat {
            let key = factor.kind == .rate ? "rate-scale" : factor.kind.rawValue
            if let map, map.has(key) {
                map.note(
                    key, "is varied by the factor '\(factor.name)'",
                    remedy: "leave it out here; the factor's first level is the base's")
            }
        }
    }
}

/// Reads what is common to all cells.
private struct BaseReader {
    let map: SpecMap
    let find: FileFinder

    func read() -> CellChoice {
        var base = CellChoice()
        base.workload = file("workload", .traffic) ?? base.workload
        base.variant = file("variant", .variants) ?? base.variant
        base.profile = file("profile", .hardware)
        base.overlays = files("overlays", .overlays)
        base.suggestions = files("suggestions", .variants)
        if map.has("schema") { base.schema = map.integer("schema", in: 7...8) }
        if let text = map.string("history") { base.history = value("history", LevelText.history(text)) }
        if map.has("partitions") { base.partitions = map.integer("partitions", in: HistorySpec.partitionRange) }
        if let text = map.string("retention") { base.retention = value("retention", LevelText.retention(text)) }
        base.rateScale = map.number("rate-scale", in: 0.001...100_000, default: 1)
        if map.has("time-scale") { base.timeScale = map.integer("time-scale", in: WorkloadSpec.timeScales) }
        let phases = map.map("phases")
        if phases?.has("warm-up") == true { base.warmUp = phases?.duration("warm-up", in: 0...86_400_000_000_000) }
        if phases?.has("measure") == true { base.measure = phases?.duration("measure", in: PhaseSpec.measureRange) }
        if phases?.has("drain-limit") == true {
            base.drainLimit = phases?.duration("drain-limit", in: 0...3_600_000_000_000)
        }
        phases?.close()
        return base
    }

    private func value<Value>(_ key: String, _ result: Result<Value, QuantityError>) -> Value? {
        switch result {
        case .success(let value): return value
        case .failure(let error):
            map.note(key, error.what, remedy: error.remedy)
            return nil
        }
    }

    private func file(_ key: String, _ folder: ShippedFolder) -> String? {
        guard let name = map.string(key) else { return nil }
        if find(name, folder) == nil {
            map.note(key, "there is no '\(name)'", remedy: LevelText.whereToLook(folder))
        }
        return name
    }

    private func files(_ key: String, _ folder: ShippedFolder) -> [String] {
        map.texts(key).map { text, place in
            if find(text, folder) == nil {
                map.note(key, at: place, "there is no '\(text)'", remedy: LevelText.whereToLook(folder))
            }
            return text
        }
    }
}
