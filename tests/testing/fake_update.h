#pragma once

#include <utility>
#include <vector>

#include "core/tensor/update.h"

namespace cairn {

// An update held in memory: a delta of parameters, and nothing else.
class FakeUpdate final : public UpdatePayload {
 public:
  explicit FakeUpdate(std::vector<float> delta, double weight = 1)
      : delta_(std::move(delta)), weight_(weight) {}
  UpdateView view() const override {
    UpdateView view;
    view.local_parameters = delta_;
    view.weight = weight_;
    return view;
  }

 private:
  std::vector<float> delta_;
  double weight_;
};

}  // namespace cairn
